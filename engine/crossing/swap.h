// One object at a time from the control thread to the audio thread, and back to be freed: how what owns memory gets
// into a running desk (docs/DESIGN.md, "Effects" and "Threads"). Both sides are wait-free; neither ever accesses an
// object that the other one holds.
//
// The owner passes with the pointer: control until it is taken, audio from take() to give_back(), control again after
// collect(). An offer that was not taken before the next one goes back to control: the latest wins.
#pragma once

#include <atomic>
#include <memory>

namespace fohd {

template <class T>
class Swap {
 public:
  Swap() = default;
  Swap(const Swap&) = delete;
  Swap& operator=(const Swap&) = delete;
  /// [control, when audio has ended] Frees what is under way.
  ~Swap() {
    delete offered_.load(std::memory_order_acquire);
    delete returned_.load(std::memory_order_acquire);
  }

  /// [control] Offers an object. Returns the offer before, if it was not taken.
  std::unique_ptr<T> offer(std::unique_ptr<T> object) noexcept {
    return std::unique_ptr<T>(offered_.exchange(object.release(), std::memory_order_acq_rel));
  }
  /// [control] What audio gave back, or nothing.
  std::unique_ptr<T> collect() noexcept {
    return std::unique_ptr<T>(returned_.exchange(nullptr, std::memory_order_acquire));
  }

  /// [audio] The offer, or null. It is the caller's until it is given back.
  T* take() noexcept {
    if (offered_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return offered_.exchange(nullptr, std::memory_order_acq_rel);
  }
  /// [audio] False: the one before has not been collected yet, `object` stays the caller's; try again later.
  bool give_back(T* object) noexcept {
    if (returned_.load(std::memory_order_relaxed) != nullptr) return false;
    returned_.store(object, std::memory_order_release);
    return true;
  }

 private:
  std::atomic<T*> offered_{nullptr}, returned_{nullptr};
};

}  // namespace fohd
