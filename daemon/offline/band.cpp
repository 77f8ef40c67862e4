#include "daemon/offline/band.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "control/toml/toml_text.h"
#include "daemon/config/toml_file.h"

namespace fohd {
namespace {

constexpr int kMaxSessionFrames = 200'000'000;  // a channel is made in memory: 1.6 GB in stereo, 69 minutes at 48 kHz

/// One table of the file: every key is asked for once, what is left over is an error.
class Reader {
 public:
  Reader(const toml::table& table, std::string file) : table_(table), file_(std::move(file)) {}

  [[noreturn]] void fail(const toml::node& node, const std::string& text) const {
    throw FileError(file_ + ":" + std::to_string(node.source().begin.line) + ": " + text);
  }
  [[noreturn]] void fail(const std::string& text) const { fail(table_, text); }

  void number(std::string_view key, double& value, double min, double max) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto number = node->value<double>();
    if (!number || !(*number >= min && *number <= max)) {
      fail(*node, std::string(key) + ": a number from " + plain(min) + " to " + plain(max) + " is needed");
    }
    value = *number;
  }
  void integer(std::string_view key, int& value, int min, int max) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto number = node->value_exact<std::int64_t>();
    if (!number || *number < min || *number > max) {
      fail(*node, std::string(key) + ": a whole number from " + std::to_string(min) + " to " + std::to_string(max) +
                      " is needed");
    }
    value = static_cast<int>(*number);
  }
  void boolean(std::string_view key, bool& value) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (!node->is_boolean()) fail(*node, std::string(key) + ": true or false is needed");
    value = **node->as_boolean();
  }
  std::string text(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) fail(std::string(key) + ": is missing here; a text in quotes is needed");
    if (!node->is_string() || node->as_string()->get().empty()) {
      fail(*node, std::string(key) + ": a text in quotes is needed");
    }
    return node->as_string()->get();
  }
  const toml::table& table(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr || !node->is_table()) fail(std::string(key) + ": a table is needed here");
    return *node->as_table();
  }
  std::vector<const toml::table*> tables(std::string_view key) {
    const toml::node* node = take(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    if (array == nullptr || array->empty() || !array->is_homogeneous<toml::table>()) {
      fail("at least one [[" + std::string(key) + "]] is needed");
    }
    std::vector<const toml::table*> result;
    for (const toml::node& entry : *array) result.push_back(entry.as_table());
    return result;
  }
  void finish() const {
    for (const auto& [key, node] : table_) {
      if (std::find(asked_.begin(), asked_.end(), key.str()) == asked_.end()) {
        std::string allowed;
        for (const auto& name : asked_) allowed += (allowed.empty() ? "" : ", ") + name;
        fail(node, "unknown key '" + std::string(key.str()) + "'; allowed here: " + allowed);
      }
    }
  }

 private:
  static std::string plain(double number) { return std::to_string(static_cast<int>(number)); }
  const toml::node* take(std::string_view key) {
    asked_.emplace_back(key);
    return table_.get(key);
  }

  const toml::table& table_;
  std::string file_;
  std::vector<std::string> asked_;
};

BandHit read_hit(const toml::table& table, const std::string& file, const Band& band) {
  Reader reader(table, file);
  BandHit hit;
  hit.sample = reader.text("sample");
  reader.number("gain_db", hit.gain_db, -60, 20);
  reader.number("semitones", hit.semitones, -36, 36);
  reader.number("fit_beats", hit.fit_beats, 0, 64);
  reader.number("start_beats", hit.start_beats, 0, 64);
  reader.number("beats", hit.beats, 0, 64);
  reader.number("fade_ms", hit.fade_ms, 0, 10'000);
  reader.number("pan", hit.pan, -100, 100);
  reader.finish();
  if (hit.fit_beats > 0 && hit.semitones != 0)
    reader.fail("fit_beats and semitones both set the speed; one is allowed");
  std::error_code error;
  if (!std::filesystem::is_regular_file(band.samples / hit.sample, error)) {
    reader.fail("sample: no file '" + hit.sample + "' in " + band.samples.string());
  }
  return hit;
}

void read_play(const toml::table& play, const std::string& file, const Band& band, BandChannel& channel) {
  const Reader reader(play, file);
  for (const auto& [section, node] : play) {
    const std::string name(section.str());
    const bool known = std::any_of(band.sections.begin(), band.sections.end(),
                                   [&](const BandSection& candidate) { return candidate.name == name; });
    if (!known) reader.fail(node, "play: there is no section '" + name + "'");
    if (!node.is_string()) reader.fail(node, "play: a pattern in quotes is needed, such as \"x... o...\"");
    int bars = 0;
    for (const PatternHit& hit : parse_pattern(node.as_string()->get(), band.beats_per_bar, bars)) {
      if (!channel.hits.contains(hit.hit)) {
        reader.fail(node, std::string("play: '") + hit.hit + "' is not among this channel's hits");
      }
    }
    if (bars == 0) reader.fail(node, "play: a bar without steps; '.' is a rest");
    channel.play[name] = node.as_string()->get();
  }
}

BandChannel read_channel(const toml::table& table, const std::string& file, const Band& band) {
  Reader reader(table, file);
  BandChannel channel;
  channel.file = reader.text("file");
  if (channel.file.find('/') != std::string::npos) reader.fail("file: a plain name such as \"01 kick\" is needed");
  reader.boolean("stereo", channel.stereo);
  reader.boolean("choke", channel.choke);
  reader.number("peak_db", channel.peak_db, -60, 0);
  reader.number("humanize_ms", channel.humanize_ms, 0, 50);
  reader.number("humanize_db", channel.humanize_db, 0, 12);
  for (const auto& [key, node] : reader.table("hits")) {
    if (key.str().size() != 1 || key.str() == "." || key.str() == "|" || !node.is_table()) {
      reader.fail(node, "hits: one letter and a table are needed, such as x = { sample = \"kick.flac\" }");
    }
    channel.hits[key.str()[0]] = read_hit(*node.as_table(), file, band);
  }
  read_play(reader.table("play"), file, band, channel);
  reader.finish();
  return channel;
}

}  // namespace

std::vector<PatternHit> parse_pattern(const std::string& pattern, int beats_per_bar, int& bars) {
  std::vector<PatternHit> hits;
  bars = 0;
  std::string bar;
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    const char c = i < pattern.size() ? pattern[i] : '|';
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    if (c != '|') {
      bar += c;
      continue;
    }
    if (bar.empty()) return bars = 0, std::vector<PatternHit>{};
    for (std::size_t step = 0; step < bar.size(); ++step) {
      const double beat = static_cast<double>(step) * beats_per_bar / static_cast<double>(bar.size());
      if (bar[step] != '.') hits.push_back({bar[step], bars, beat});
    }
    ++bars;
    bar.clear();
  }
  return hits;
}

Band load_band(const std::filesystem::path& file) {
  toml::table table;
  std::error_code error;
  std::string text;
  std::optional<ConfigError> wrong = read_toml_text(file, text, kSessionFile);
  if (!wrong) wrong = parse_toml(text, file.string(), table);
  if (wrong) throw FileError(wrong->to_string());
  Reader reader(table, file.string());
  Band band;
  reader.number("tempo_bpm", band.tempo_bpm, 20, 400);
  reader.integer("beats_per_bar", band.beats_per_bar, 1, 16);
  reader.number("swing", band.swing, 0, 1);
  reader.integer("rate_hz", band.rate_hz, 8'000, 192'000);
  band.samples = file.parent_path() / reader.text("samples");  // an absolute one stays absolute
  if (!std::filesystem::is_directory(band.samples, error)) {
    reader.fail("samples: there is no folder " + band.samples.string() +
                " (Debian's package sonic-pi-samples brings the demo's)");
  }
  for (const toml::table* entry : reader.tables("section")) {
    Reader section_reader(*entry, file.string());
    BandSection section{section_reader.text("name"), 1};
    section_reader.integer("bars", section.bars, 1, 1000);
    section_reader.finish();
    band.sections.push_back(section);
  }
  if (const double frames = band.bars() * band.beats_per_bar * band.beat_frames(); frames > kMaxSessionFrames) {
    reader.fail("section: all bars together last " + std::to_string(std::llround(frames / band.rate_hz)) +
                " s; allowed at " + std::to_string(band.rate_hz) + " Hz: up to " +
                std::to_string(kMaxSessionFrames / band.rate_hz) + " s");
  }
  for (const toml::table* entry : reader.tables("channel")) {
    band.channels.push_back(read_channel(*entry, file.string(), band));
  }
  reader.finish();
  return band;
}

}  // namespace fohd
