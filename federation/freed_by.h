// std::unique_ptr's deleter for what a C library frees by a function of its own.
#pragma once

namespace cpc::federation {

template <auto release>
struct FreedBy {
  template <class Object>
  void operator()(Object* object) const {
    release(object);
  }
};

}  // namespace cpc::federation
