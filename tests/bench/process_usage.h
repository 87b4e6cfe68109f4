// What the server's processes took, as the kernel counts it in /proc (proc(5)).
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace cpc::bench {

/// User and system time of a process since it began, all threads; 0 when it is gone.
[[nodiscard]] double cpu_seconds_of(pid_t pid);

/// The same of a process and all its children, also of those that have ended.
[[nodiscard]] double cpu_seconds_of_family(pid_t parent);

/// Resident memory now, in octets; 0 when the process is gone.
[[nodiscard]] std::int64_t resident_bytes(pid_t pid);

/// The most it ever was since the process began or forget_peak().
[[nodiscard]] std::int64_t resident_bytes_max(pid_t pid);

/// From here on the peak counts anew: hashing passwords takes more memory than the load that is
/// measured.
void forget_peak(pid_t pid);

}  // namespace cpc::bench
