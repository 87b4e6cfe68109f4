// One more of something, for as long as it goes on.
#pragma once

#include <cstddef>

namespace cpc {

/// `count` must outlive it. Not for several threads.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace cpc
