#include "daemon/live_meter.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "daemon/net/addresses.h"

namespace fohd {
namespace {

constexpr double kFloorDb = -60;  // what a bar begins with; most of a mix happens above
constexpr std::int64_t kScreenMs = 100, kLineMs = 5000;

double peak_db(float linear) { return linear > 0 ? 20 * std::log10(static_cast<double>(linear)) : -200; }
double power_db(float mean_square) {
  return mean_square > 0 ? 10 * std::log10(static_cast<double>(mean_square)) : -200;
}

std::string number(double db) { return db < -99 ? "  off" : fmt::format("{:5.1f}", db); }

/// At most `width` columns, cut at a character's edge, filled with blanks.
std::string fit(const std::string& text, int width) {
  std::string result;
  int columns = 0;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues && columns == width) break;
    if (!continues) ++columns;
    if (static_cast<unsigned char>(c) >= 0x20) result += c;  // no control characters from a name to the terminal
  }
  return result + std::string(static_cast<std::size_t>(width - columns), ' ');
}

}  // namespace

LiveMeter::LiveMeter(const Desk& desk, const DeskStatus& status, int osc_port,
                     std::function<std::vector<std::string>()> recent_log)
    : desk_(desk),
      status_(status),
      osc_port_(osc_port),
      recent_log_(std::move(recent_log)),
      held_(desk.geometry().strips()),
      outputs_(desk.geometry().outputs()),
      output_rms_(desk.geometry().outputs()),
      terminal_(::isatty(STDOUT_FILENO) != 0) {
  if (terminal_) std::fputs("\033[?25l\033[2J", stdout);  // no cursor, an empty screen
}

LiveMeter::~LiveMeter() {
  if (!terminal_) return;
  std::fputs("\033[?25h\n", stdout);
  std::fflush(stdout);
}

void LiveMeter::take(const MeterFrame& frame) {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    held_[i].post_peak = std::max(held_[i].post_peak, frame.strips[i].post_peak);
    held_[i].post_mean_square = frame.strips[i].post_mean_square;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    outputs_[i] = std::max(outputs_[i], frame.outputs[i]);
    output_rms_[i] = frame.output_mean_squares[i];
  }
}

void LiveMeter::draw(std::int64_t now_ms) {
  if (now_ms < next_ms_) return;
  next_ms_ = now_ms + (terminal_ ? kScreenMs : kLineMs);
  terminal_ ? draw_screen() : draw_line();
  std::fflush(stdout);
  for (StripMeter& meter : held_) meter.post_peak = 0;
  std::fill(outputs_.begin(), outputs_.end(), 0.0f);
}

std::string LiveMeter::bar(double rms_db, double peak_db, int width) {
  const auto column = [&](double db) {
    return static_cast<int>(std::lround(std::clamp((db - kFloorDb) / -kFloorDb, 0.0, 1.0) * width));
  };
  std::string text(static_cast<std::size_t>(width), ' ');
  std::fill_n(text.begin(), column(rms_db), '#');
  if (const int peak = column(peak_db); peak > 0) text[static_cast<std::size_t>(peak - 1)] = '>';
  return text;
}

std::string LiveMeter::strip(const std::string& label, const std::string& name, double rms_db, double peak,
                             bool muted) const {
  return fmt::format("{} {} {}{}{}", fit(label, 5), fit(name, 9), muted ? "\033[2m" : "", bar(rms_db, peak, 16),
                     muted ? " mute\033[0m" : " " + number(peak));
}

void LiveMeter::draw_screen() {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const int columns = std::max(1, (known ? size.ws_col : 80) / 40), rows = std::max(8, known ? size.ws_row : 24);

  std::vector<std::string> cells;
  const DeskSettings& mix = desk_.settings();
  const Geometry& geometry = desk_.geometry();
  for (int i = 0; i < geometry.inputs; ++i) {
    cells.push_back(strip("ch " + std::to_string(i + 1), mix.channels[i].identity.name,
                          power_db(held_[i].post_mean_square), peak_db(held_[i].post_peak), mix.channels[i].mute));
  }
  for (int i = 0; i < geometry.buses; ++i) {
    cells.push_back(strip("bus " + std::to_string(i + 1).substr(0, 2), mix.buses[i].identity.name,
                          power_db(output_rms_[2 + i]), peak_db(outputs_[2 + i]), mix.buses[i].mute));
  }
  std::string screen = "\033[H";
  const auto line = [&](const std::string& text) { screen += text + "\033[K\n"; };
  std::string where;
  for (const std::string& address : local_addresses()) where += fmt::format(" {}:{}", address, osc_port_);
  line("fohd   tablets and fohctl reach it at" + where);
  line(!status_.jack_connected ? "no audio: waiting for a JACK server"
       : status_.held          ? "the outputs are shut: send /start/release"
                               : fmt::format("{:.0f} Hz, {} frames, load {:.0f} %, xruns {}", status_.rate_hz,
                                             status_.period_frames, status_.load_percent, status_.xruns));
  line(strip("main", "left", power_db(output_rms_[0]), peak_db(outputs_[0]), mix.main.mute) +
       (columns > 1 ? "  " + strip("main", "right", power_db(output_rms_[1]), peak_db(outputs_[1]), mix.main.mute)
                    : ""));
  const int log_rows = 5, room = rows - 4 - log_rows;
  const int needed = (static_cast<int>(cells.size()) + columns - 1) / columns, shown = std::min(needed, room);
  for (int row = 0; row < shown; ++row) {
    std::string text;
    for (int column = 0; column < columns; ++column) {
      const auto index = static_cast<std::size_t>(column * needed + row);
      if (index < cells.size()) text += (column != 0 ? "  " : "") + cells[index];
    }
    line(text);
  }
  for (const std::string& text : recent_log_()) line(fit(text, std::max(20, (known ? size.ws_col : 80) - 1)));
  std::fputs((screen + "\033[J").c_str(), stdout);
}

void LiveMeter::draw_line() {
  if (!status_.jack_connected) {
    std::puts("no audio: waiting for a JACK server");
    return;
  }
  int sounding = 0;
  for (int i = 0; i < desk_.geometry().inputs; ++i) sounding += peak_db(held_[i].post_peak) > kFloorDb ? 1 : 0;
  std::puts(fmt::format("main L {} R {} dB peak, {} of {} channels sound, load {:.0f} %, xruns {}",
                        number(peak_db(outputs_[0])), number(peak_db(outputs_[1])), sounding, desk_.geometry().inputs,
                        status_.load_percent, status_.xruns)
                .c_str());
}

}  // namespace fohd
