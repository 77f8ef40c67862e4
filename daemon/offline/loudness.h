// What a mix measures: EBU R 128 loudness and peaks, by libebur128.
#pragma once

#include <memory>
#include <span>

namespace fohd {

/// [control]
class LoudnessMeter {
 public:
  LoudnessMeter(int channels, int rate_hz);
  ~LoudnessMeter();
  LoudnessMeter(const LoudnessMeter&) = delete;
  LoudnessMeter& operator=(const LoudnessMeter&) = delete;

  void add(std::span<const float> interleaved);
  double integrated_lufs() const;  ///< -inf if all is below the gate
  double true_peak_db() const;     ///< dBTP, the larger channel; -inf for silence
  double sample_peak_db() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fohd
