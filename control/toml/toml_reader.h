// Reads a TOML table key by key and keeps a list of everything that is wrong: unexpected keys, wrong types,
// values out of range. One file, so that toml++ is included by few files.
#pragma once

#include <toml++/toml.h>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/toml/config_error.h"

namespace fohd {

/// One table of the file. Read every key that may be there, then finish(): what is left over is an error.
class TomlTable {
 public:
  /// table may be null: nothing is there, all defaults stay. path: "[osc]" for messages.
  TomlTable(const toml::table* table, std::string path, std::string file, std::vector<ConfigError>& errors)
      : table_(table), path_(std::move(path)), file_(std::move(file)), errors_(errors) {}

  /// Each leaves `value` alone if the key is missing or wrong.
  void read(std::string_view key, int& value, std::int64_t min, std::int64_t max, std::string_view what);
  void read(std::string_view key, std::int64_t& value, std::int64_t min, std::int64_t max, std::string_view what);
  void read(std::string_view key, double& value, double min, double max, std::string_view what);
  void read(std::string_view key, std::string& value, std::string_view what, std::size_t max_bytes = 255);
  /// The same, but no message ever shows what was there.
  void read_secret(std::string_view key, std::string& value, std::string_view what, std::size_t max_bytes);
  void read(std::string_view key, bool& value, std::string_view what);
  /// A list of texts; a single text is a list of one.
  void read(std::string_view key, std::vector<std::string>& value, std::string_view what);
  /// A list of whole numbers; a single one is a list of one.
  void read(std::string_view key, std::vector<int>& value, int min, int max, std::string_view what);
  /// Two numbers from min to max, as [low, high].
  void read(std::string_view key, std::optional<std::pair<double, double>>& value, double min, double max,
            std::string_view what);
  bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }
  /// One of `words`; the index of it goes into `value`.
  void read_word(std::string_view key, int& value, std::initializer_list<std::string_view> words);

  /// A table below this one, "[audio]"; null members if it is missing.
  TomlTable table(std::string_view key);
  /// An array of tables, "[[audio.connect]]"; `present`: whether the key is there at all.
  std::vector<TomlTable> tables(std::string_view key, bool& present);

  /// Reports the keys that were not read.
  void finish();
  /// Reports something about a key of this table, or about the table itself if the key is not there.
  void complain(std::string_view key, const std::string& text);
  explicit operator bool() const noexcept { return table_ != nullptr; }

 private:
  const toml::node* take(std::string_view key);
  void complain(const toml::source_region& where, const std::string& text);
  std::string describe(std::string_view key) const;

  const toml::table* table_;
  std::string path_, file_;
  std::vector<ConfigError>& errors_;
  std::vector<std::string> asked_;
};

}  // namespace fohd
