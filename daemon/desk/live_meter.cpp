#include "daemon/desk/live_meter.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "daemon/net/addresses.h"

namespace fohd {
namespace {

constexpr double kSoundsDb = -60;  // where the bars begin
constexpr std::int64_t kScreenMs = 100, kLineMs = 5000;
constexpr std::chrono::milliseconds kLastFlush(200);  // a terminal that stands still keeps its last picture

double peak_db(float linear) { return linear > 0 ? 20 * std::log10(static_cast<double>(linear)) : -200; }
double power_db(float mean_square) {
  return mean_square > 0 ? 10 * std::log10(static_cast<double>(mean_square)) : -200;
}

}  // namespace

LiveMeter::LiveMeter(const Desk& desk, const DeskStatus& status, const Config& config, const std::string& absent_reason,
                     std::function<std::vector<std::string>()> recent_log)
    : desk_(desk),
      status_(status),
      config_(config),
      absent_reason_(absent_reason),
      recent_log_(std::move(recent_log)),
      held_(desk.geometry().strips()),
      outputs_(desk.geometry().outputs()),
      output_rms_(desk.geometry().outputs()),
      strip_heard_(held_.size()),
      output_heard_(outputs_.size()),
      writer_(STDOUT_FILENO) {
  if (writer_.is_terminal()) writer_.take("\033[?25l\033[2J");  // no cursor, an empty screen
}

LiveMeter::~LiveMeter() {
  if (writer_.is_terminal()) writer_.take("\033[?25h\n");
  writer_.flush(kLastFlush);
}

void LiveMeter::take(const MeterFrame& frame) {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    held_[i].post_peak = std::max(held_[i].post_peak, frame.strips[i].post_peak);
    held_[i].post_mean_square = frame.strips[i].post_mean_square;
    if (peak_db(held_[i].post_peak) > kSoundsDb) strip_heard_[i] = true;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    outputs_[i] = std::max(outputs_[i], frame.outputs[i]);
    output_rms_[i] = frame.output_mean_squares[i];
    if (peak_db(outputs_[i]) > kSoundsDb) output_heard_[i] = true;
  }
}

void LiveMeter::draw(std::int64_t now_ms) {
  if (now_ms < next_ms_) return;
  next_ms_ = now_ms + (writer_.is_terminal() ? kScreenMs : kLineMs);
  // A user may have pressed Ctrl-S. This is the control thread: it waits for no terminal and draws when it is ready.
  if (!writer_.flush(std::chrono::milliseconds(0))) return;
  writer_.take(writer_.is_terminal() ? screen() : line());
  writer_.flush(std::chrono::milliseconds(0));
  for (StripMeter& meter : held_) meter.post_peak = 0;
  std::fill(outputs_.begin(), outputs_.end(), 0.0f);
}

/// All strips but main, which has a place of its own.
std::vector<MeterCell> LiveMeter::cells() const {
  std::vector<MeterCell> cells;
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const OwnerRow& row = kOwnerRows[k];
    if (!row.numbered || row.identity == nullptr || row.mute == nullptr || !row.strip) continue;
    for (int n = 0; n < row.count(desk_.geometry()); ++n) {
      MeterCell cell = this->cell({static_cast<OwnerKind>(k), n});
      const bool slot = !row.meters_input && !row.has_outputs();  // an effect's, which nothing may be in
      if (cell.wanted || !slot) cells.push_back(std::move(cell));
    }
  }
  return cells;
}

MeterCell LiveMeter::cell(StripRef strip) const {
  const OwnerRow& row = row_of(strip.owner_kind);
  const std::string& name = row.identity(desk_.settings(), strip.owner)->name;
  const auto lane = static_cast<std::size_t>(lane_of(strip, desk_.geometry()).value_or(0));
  float mean_square = held_[lane].post_mean_square, peak = held_[lane].post_peak;
  bool heard = strip_heard_[lane];
  if (row.has_outputs()) {
    const auto output =
        static_cast<std::size_t>(desk_.geometry().first_output(*row.strip) + strip.owner * lanes_of(strip.owner_kind));
    mean_square = output_rms_[output], peak = outputs_[output], heard = output_heard_[output];
  }
  return {std::string(row.word) + " " + std::to_string(strip.owner + 1),
          name,
          power_db(mean_square),
          peak_db(peak),
          *row.mute(desk_.settings(), strip.owner),
          heard || !name.empty()};
}

/// The addresses that receive: all of this machine's that are heard, or the one that the configuration names.
std::string LiveMeter::reached_at() const {
  std::string where;
  for (const std::string& address : config_.osc.address == "0.0.0.0" ? heard_addresses(config_.access)
                                                                     : std::vector<std::string>{config_.osc.address}) {
    where += fmt::format(" {}:{}", address, config_.osc.port);
  }
  return where;
}

std::string LiveMeter::audio_line() const {
  if (!status_.jack_connected) {
    return absent_reason_.empty() ? "opening the audio" : "no audio, it is tried again: " + absent_reason_;
  }
  if (status_.held) return "the outputs are shut: send /start/release";
  return fmt::format("{:.0f} Hz, {} frames, load {:.0f} %, xruns {}   bars: # RMS > peak . muted; numbers: peak, dB",
                     status_.rate_hz, status_.period_frames, status_.load_percent, status_.xruns);
}

std::string LiveMeter::screen() const {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const int columns = std::max(known ? size.ws_col : 80, 25) - 1, rows = std::max(known ? size.ws_row : 24, 8);

  std::string drawn = "\033[H";
  const auto line = [&](const std::string& text) { drawn += text + "\033[K\n"; };
  line(fit_text("fohd   tablets and fohctl reach it at" + reached_at(), columns));
  line(fit_text(audio_line(), columns));
  const bool muted = desk_.settings().main.mute;
  const std::vector<MeterCell> main = {{"main L", "", power_db(output_rms_[0]), peak_db(outputs_[0]), muted, true},
                                       {"main R", "", power_db(output_rms_[1]), peak_db(outputs_[1]), muted, true}};
  int used = 2;
  for (const std::string& text : meter_rows(main, columns, 2)) line(text), ++used;
  constexpr int kLogRows = 5;  // the last row stays free: a line end there would scroll
  for (const std::string& text : meter_rows(cells(), columns, rows - used - kLogRows - 1)) line(text), ++used;
  std::vector<std::string> log;
  for (const std::string& text : recent_log_()) {
    for (std::string& part : wrap_text(text, columns)) log.push_back(std::move(part));
  }
  const auto fits = static_cast<std::size_t>(std::clamp(rows - used - 1, 0, kLogRows));
  if (log.size() > fits) log.erase(log.begin(), log.end() - static_cast<std::ptrdiff_t>(fits));
  for (const std::string& text : log) line(fit_text(text, columns));
  return drawn + "\033[J";
}

std::string LiveMeter::line() const {
  if (!status_.jack_connected) return audio_line() + "\n";
  int sounding = 0;
  for (int i = 0; i < desk_.geometry().inputs; ++i) sounding += peak_db(held_[i].post_peak) > kSoundsDb ? 1 : 0;
  return fmt::format("main L {} R {} dB peak, {} of {} channels sound, load {:.0f} %, xruns {}\n",
                     level_text(peak_db(outputs_[0])), level_text(peak_db(outputs_[1])), sounding,
                     desk_.geometry().inputs, status_.load_percent, status_.xruns);
}

}  // namespace fohd
