// A fuzz target: octets come in as a stranger might have sent them, and whatever our readers accept
// must keep promises, not merely do no harm. One program per target:
//
//   preset fuzz          libFuzzer draws the octets (docs/HACKING.md, section "Fuzz")
//   every other preset   the files of tests/fuzz/corpus/<target>/ are read once, as a test
//
// A target is a pure function of its octets; keys, clocks and lots in it are fixed, so that a file
// shows the same again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cpc::fuzz {

/// What the program is about; each target file defines it once.
void run(std::string_view octets);

/// Ends the program with `what` unless it was kept.
void promise(bool is_kept, const char* what);

/// `text` with one octet changed; which one and how follows from `lot`. Not for empty texts.
[[nodiscard]] std::string altered(std::string text, std::size_t lot);

/// A number that follows from the octets: which of many alterations is tried with them.
[[nodiscard]] std::size_t lot_of(std::string_view octets);

/// Cuts off and returns what stands before `mark`, and passes over the mark; the whole rest if
/// there is none.
[[nodiscard]] std::string_view cut(std::string_view& rest, std::string_view mark);

}  // namespace cpc::fuzz
