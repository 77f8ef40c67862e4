// A state folder: generations and logs, through the loader and into a desk. What came in must be stored again and come
// back as the same mix; a file of ours with one bit flipped or its end missing must give what is whole, or nothing.
//
// An input is a generation, or several files with a line such as "%% state-000001.log" before each. CHECKSUM in place
// of eight digits stands for the right ones, which no fuzzer would find.
#include <algorithm>
#include <map>

#include "daemon/store/crc32.h"
#include "daemon/store/restore.h"
#include "daemon/store/state_load.h"
#include "tests/fuzz/fuzz_files.h"

namespace {

using namespace fohd;
using namespace fohd::fuzz;

constexpr std::string_view kFolder = "state", kMarked = "CHECKSUM";

/// A folder that is not there.
class Files final : public FileSystem {
 public:
  std::map<std::string, std::string> texts;  ///< by path

  Kind kind(const std::string& path) override {
    if (path == kFolder) return Kind::folder;
    return texts.contains(path) ? Kind::file : Kind::nothing;
  }
  std::string list(const std::string&, std::vector<std::string>& names) override {
    for (const auto& [path, text] : texts) names.push_back(path.substr(kFolder.size() + 1));
    return "";
  }
  std::string read(const std::string& path, std::string& text, const FileKind&) override {
    const auto found = texts.find(path);
    if (found == texts.end()) return "cannot read " + path;
    text = found->second;
    return "";
  }
};

std::string log_with_checksums(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::string_view summed = line.substr(std::min(line.size(), kMarked.size()));
    if (summed.ends_with('\r')) summed.remove_suffix(1);
    out += line.starts_with(kMarked) ? crc32_text(summed) + std::string(summed) : std::string(line);
    out += '\n';
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

std::string generation_with_checksum(std::string text) {
  constexpr std::string_view kLine = "\n\"checksum\": \"";
  const std::size_t at = text.rfind(kLine);
  if (at != std::string::npos && std::string_view(text).substr(at + kLine.size()).starts_with(kMarked)) {
    text.replace(at + kLine.size(), kMarked.size(), crc32_text(std::string_view(text).substr(0, at)));
  }
  return text;
}

Mix mix_of(const std::vector<AddressedValue>& values) { return {values.begin(), values.end()}; }

/// One flipped bit or a missing end; `seed` says where.
std::string damaged(std::string text, std::uint32_t seed) {
  const std::size_t at = seed / 16 % text.size();
  if (seed % 16 < 8) {
    text[at] = static_cast<char>(text[at] ^ (1 << seed % 8));
  } else {
    text.resize(at);
  }
  return text;
}

void check_generation(const Desk& desk, const StoredState& state, const Restored& restored, std::uint32_t seed) {
  std::vector<AddressedValue> values = Snapshot::take(desk).values();
  values.insert(values.end(), restored.foreign.begin(), restored.foreign.end());
  const std::string text = generation_text(state.meta, 1, "now", mix_of(values));
  const ParsedGeneration read = parse_generation(text);
  check(read.error.empty() && read.notes.empty() && read.checksummed);
  check(mix_of(read.values) == mix_of(values));

  StoredState again;
  again.values = read.values;
  Desk other(desk.geometry());
  restore(other, again);
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    const bool kept = desk.table()[id].row->persistence != Persistence::momentary;
    check(!kept || other.get(id) == desk.get(id));
  }
  const std::string broken = damaged(text, seed);
  if (broken + "\n" != text) check(!parse_generation(broken).error.empty());
}

void check_log(const std::vector<AddressedValue>& values, std::uint32_t seed) {
  constexpr std::size_t kInOneChange = 3;
  std::string text;
  for (std::size_t i = 0; i < values.size(); i += kInOneChange) {
    text += log_text(std::span(values).subspan(i, std::min(kInOneChange, values.size() - i)));
  }
  if (text.empty()) return;
  const ParsedLog whole = parse_log(text);
  check(whole.values == values && whole.notes.empty());

  const bool is_cut = seed % 16 >= 8;
  const ParsedLog some = parse_log(damaged(text, seed));
  // Nothing is there that was not, and in the same order.
  std::size_t at = 0;
  for (const AddressedValue& value : some.values) {
    while (at < values.size() && values[at] != value) ++at;
    check(at++ < values.size());
  }
  const std::size_t last = values.size() % kInOneChange;  // of the last change, unless it is as long as the others
  check(some.values.size() % kInOneChange == 0 || some.values.size() % kInOneChange == last);
  if (is_cut) check(some.values.size() % kInOneChange == 0 || some.values.size() == values.size());
  // A flipped bit costs its change, or two where it was a line's end.
  if (!is_cut) check(some.values.size() + 2 * kInOneChange >= values.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Geometry geometry{.inputs = 2, .returns = 2, .buses = 2};
  const std::string_view input = as_text(data, size);
  const std::uint32_t seed = crc32(input);
  Files files;
  for (const auto& [name, text] : split_files(input, "state-000001.json")) {
    files.texts[std::string(kFolder) + "/" + name] =
        name.ends_with(kLogSuffix) ? log_with_checksums(text) : generation_with_checksum(text);
  }
  const StoredState state = load_state(std::string(kFolder), files);
  check(state.found || (state.values.empty() && !state.warnings.empty()));
  check(state.meta.geometry.valid());
  Desk desk(geometry);
  const Restored restored = restore(desk, state);
  check_values(desk);
  if (!state.found) return 0;
  check_generation(desk, state, restored, seed);
  check_log(state.values, seed);
  return 0;
}
