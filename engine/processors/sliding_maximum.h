// The largest of the last `window` values, in the same three comparisons for every value (M. van Herk 1992, J. Gil and
// M. Werman 1993): values are cut into blocks as long as the window; any window is the end of one block and the
// beginning of the next, and the maxima of ends (kept from the back) and of beginnings (kept from the front) are at
// hand. A monotonic deque needs as few, but its branches depend on the signal, and noise defeats branch prediction.
#pragma once

#include <algorithm>
#include <vector>

namespace fohd {

class SlidingMaximum {
 public:
  /// [control] Allocates. window_frames >= 1; before its first value the window is full of `lowest`.
  SlidingMaximum(int window_frames, double lowest)
      : ends_(static_cast<std::size_t>(window_frames), lowest), lowest_(lowest), front_(lowest) {}

  /// [audio] The window is full of `lowest` again.
  void reset() noexcept {
    std::fill(ends_.begin(), ends_.end(), lowest_);
    front_ = lowest_;
    at_ = 0;
  }
  /// [audio] value: a number.
  double push(double value) noexcept {
    ends_[at_] = value;
    front_ = std::max(front_, value);
    if (++at_ < ends_.size()) return std::max(front_, ends_[at_]);
    for (std::size_t i = ends_.size() - 1; i > 0; --i) ends_[i - 1] = std::max(ends_[i - 1], ends_[i]);
    const double whole_block = front_;
    front_ = lowest_;
    at_ = 0;
    return whole_block;
  }

  /// [audio] The same for several values, in place.
  void push(double* values, int count) noexcept {
    for (int done = 0; done < count;) {
      const int to_end = static_cast<int>(ends_.size() - at_) - 1;
      const int length = std::min(count - done, to_end);
      double* const ends = ends_.data() + at_;
      for (int i = 0; i < length; ++i) {
        const double value = values[done + i];
        front_ = std::max(front_, value);
        values[done + i] = std::max(front_, ends[i + 1]);
        ends[i] = value;
      }
      at_ += static_cast<std::size_t>(length);
      done += length;
      if (done < count) values[done] = push(values[done]), ++done;
    }
  }

 private:
  std::vector<double> ends_;  ///< [at_..]: of the last block, the maximum from here to its end; before: this block
  double lowest_, front_;     ///< front_: the maximum of this block so far
  std::size_t at_ = 0;
};

}  // namespace fohd
