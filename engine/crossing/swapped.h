// The audio side's end of a Swap: what is in force, and what waits to go back.
#pragma once

#include "engine/crossing/swap.h"

namespace fohd {

template <class T>
class Swapped {
 public:
  Swapped() = default;
  Swapped(const Swapped&) = delete;
  Swapped& operator=(const Swapped&) = delete;
  /// [control, when audio has ended]
  ~Swapped() {
    delete present_;
    delete leaving_;
  }

  /// [control] offer() the next one, collect() what is not used any more: from then on nothing of the audio reads it.
  Swap<T>& swap() noexcept { return swap_; }

  /// [audio] Takes the newest offer, if there is one and the last object could be given back. What is in force; null at
  /// first.
  T* refresh() noexcept {
    if (leaving_ != nullptr && swap_.give_back(leaving_)) leaving_ = nullptr;
    if (leaving_ == nullptr) {
      if (T* next = swap_.take()) {
        leaving_ = present_;
        present_ = next;
        if (leaving_ != nullptr && swap_.give_back(leaving_)) leaving_ = nullptr;
      }
    }
    return present_;
  }
  /// [audio]
  T* present() const noexcept { return present_; }

 private:
  Swap<T> swap_;
  T *present_ = nullptr, *leaving_ = nullptr;
};

}  // namespace fohd
