#include "control/toml/toml_reader.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

namespace fohd {
namespace {

/// What the file holds, in words: `text "loud"`, `the number 1.5`.
std::string describe_value(const toml::node& node) {
  std::ostringstream text;
  switch (node.type()) {
    case toml::node_type::string:
      text << "the text \"" << node.as_string()->get() << '"';
      break;
    case toml::node_type::integer:
      text << node.as_integer()->get();
      break;
    case toml::node_type::floating_point:
      text << "the fraction " << node.as_floating_point()->get();
      break;
    case toml::node_type::boolean:
      text << (node.as_boolean()->get() ? "true" : "false");
      break;
    case toml::node_type::table:
      text << "a table";
      break;
    case toml::node_type::array:
      text << "a list";
      break;
    default:
      text << "a date or time";
      break;
  }
  return text.str();
}

std::string list_words(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

/// Hands each item of a list, or the one value that stands for a list of one, to `add`. False if it refused any.
template <class Add>
bool add_all(const toml::node& node, Add add) {
  const auto* array = node.as_array();
  if (array == nullptr) return add(node);
  bool fine = true;
  for (const toml::node& item : *array) fine = add(item) && fine;
  return fine;
}

}  // namespace

std::string TomlTable::describe(std::string_view key) const {
  return path_.empty() ? "`" + std::string(key) + "`" : "`" + std::string(key) + "` in " + path_;
}

void TomlTable::complain(const toml::source_region& where, const std::string& text) {
  errors_.push_back({file_, static_cast<int>(where.begin.line), static_cast<int>(where.begin.column), text});
}

void TomlTable::complain(std::string_view key, const std::string& text) {
  if (table_ == nullptr) return;
  const toml::node* node = table_->get(key);
  complain(node != nullptr ? node->source() : table_->source(), text);
}

const toml::node* TomlTable::take(std::string_view key) {
  asked_.emplace_back(key);
  return table_ != nullptr ? table_->get(key) : nullptr;
}

void TomlTable::read(std::string_view key, std::int64_t& value, std::int64_t min, std::int64_t max,
                     std::string_view what) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto* integer = node->as_integer();
  if (integer == nullptr || integer->get() < min || integer->get() > max) {
    complain(node->source(), describe(key) + " must be a whole number from " + std::to_string(min) + " to " +
                                 std::to_string(max) + " (" + std::string(what) + "), not " + describe_value(*node));
    return;
  }
  value = integer->get();
}

void TomlTable::read(std::string_view key, int& value, std::int64_t min, std::int64_t max, std::string_view what) {
  std::int64_t wide = value;
  read(key, wide, min, max, what);
  value = static_cast<int>(wide);
}

void TomlTable::read(std::string_view key, double& value, double min, double max, std::string_view what) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const std::optional<double> number = node->value<double>();  // a whole number is one too; NaN fails below
  if (!node->is_number() || !(*number >= min && *number <= max)) {
    std::ostringstream range;
    range << min << " to " << max;
    complain(node->source(), describe(key) + " must be a number from " + range.str() + " (" + std::string(what) +
                                 "), not " + describe_value(*node));
    return;
  }
  value = *number;
}

void TomlTable::read(std::string_view key, std::string& value, std::string_view what, std::size_t max_bytes) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto* text = node->as_string();
  if (text == nullptr) {
    complain(node->source(),
             describe(key) + " must be text in quotes (" + std::string(what) + "), not " + describe_value(*node));
  } else if (text->get().empty() || text->get().size() > max_bytes) {
    complain(node->source(), describe(key) + " must be 1 to " + std::to_string(max_bytes) + " bytes of text (" +
                                 std::string(what) + ")");
  } else if (text->get().find('\0') != std::string::npos) {
    complain(node->source(), describe(key) + " may not hold the character \\u0000 (" + std::string(what) + ")");
  } else {
    value = text->get();
  }
}

void TomlTable::read_secret(std::string_view key, std::string& value, std::string_view what, std::size_t max_bytes) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (node->is_string()) return read(key, value, what, max_bytes);
  complain(node->source(), describe(key) + " must be text in quotes (" + std::string(what) + ")");
}

void TomlTable::read(std::string_view key, bool& value, std::string_view what) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (const auto* truth = node->as_boolean()) {
    value = truth->get();
    return;
  }
  complain(node->source(),
           describe(key) + " must be true or false (" + std::string(what) + "), not " + describe_value(*node));
}

void TomlTable::read(std::string_view key, std::vector<std::string>& value, std::string_view what) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  std::vector<std::string> texts;
  const auto add = [&](const toml::node& item) {
    if (const auto* text = item.as_string()) texts.push_back(text->get());
    return item.is_string();
  };
  if (add_all(*node, add)) {
    value = std::move(texts);
  } else {
    complain(node->source(), describe(key) + " must be a list of texts in quotes (" + std::string(what) + ")");
  }
}

void TomlTable::read(std::string_view key, std::vector<int>& value, int min, int max, std::string_view what) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  std::vector<int> numbers;
  const auto add = [&](const toml::node& item) {
    const auto number = item.is_integer() ? item.value<std::int64_t>() : std::nullopt;
    if (!number || *number < min || *number > max) return false;
    numbers.push_back(static_cast<int>(*number));
    return true;
  };
  if (add_all(*node, add)) {
    value = std::move(numbers);
  } else {
    complain(node->source(), describe(key) + " must be a list of whole numbers from " + std::to_string(min) + " to " +
                                 std::to_string(max) + " (" + std::string(what) + ")");
  }
}

void TomlTable::read(std::string_view key, std::optional<std::pair<double, double>>& value, double min, double max,
                     std::string_view what) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  const auto fits = [&](const toml::node& item) {
    const std::optional<double> number = item.value<double>();  // NaN fails below
    return item.is_number() && *number >= min && *number <= max;
  };
  if (array != nullptr && array->size() == 2 && fits((*array)[0]) && fits((*array)[1])) {
    value = {*(*array)[0].value<double>(), *(*array)[1].value<double>()};
    return;
  }
  std::ostringstream range;
  range << min << " to " << max;
  complain(node->source(), describe(key) + " must be two numbers, [low, high], each from " + range.str() + " (" +
                               std::string(what) + "), not " + describe_value(*node));
}

void TomlTable::read_word(std::string_view key, int& value, std::initializer_list<std::string_view> words) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  std::vector<std::string> quoted;
  int index = 0;
  for (std::string_view word : words) {
    if (node->is_string() && node->as_string()->get() == word) {
      value = index;
      return;
    }
    quoted.push_back("\"" + std::string(word) + "\"");
    ++index;
  }
  complain(node->source(), describe(key) + " must be " + list_words(quoted) + ", not " + describe_value(*node));
}

TomlTable TomlTable::table(std::string_view key) {
  const toml::node* node = take(key);
  if (node != nullptr && !node->is_table()) {
    complain(node->source(),
             describe(key) + " must be a table, written [" + std::string(key) + "], not " + describe_value(*node));
    node = nullptr;
  }
  return {node != nullptr ? node->as_table() : nullptr, "[" + std::string(key) + "]", file_, errors_};
}

std::vector<TomlTable> TomlTable::tables(std::string_view key, bool& present) {
  std::vector<TomlTable> result;
  const toml::node* node = take(key);
  present = node != nullptr;
  if (node == nullptr) return result;
  const auto* array = node->as_array();
  if (array == nullptr) {
    complain(node->source(), describe(key) + " must be a list of tables, not " + describe_value(*node));
    return result;
  }
  for (const toml::node& item : *array) {
    if (const auto* table = item.as_table()) {
      result.emplace_back(table, describe(key), file_, errors_);
    } else {
      complain(item.source(), describe(key) + " must hold tables only, not " + describe_value(item));
    }
  }
  return result;
}

void TomlTable::finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    if (std::find(asked_.begin(), asked_.end(), key.str()) != asked_.end()) continue;
    complain(key.source(), "there is no " + describe(key.str()) + "; allowed: " + list_words(asked_));
  }
}

}  // namespace fohd
