#include "daemon/blackbox/box_files.h"

#include <algorithm>

#include "daemon/base/file_system.h"
#include "daemon/base/numbered_file.h"

namespace fohd {
namespace {

constexpr NumberedName kEvents{"events-", 8, ".log"};

std::string name_of_file(std::uint64_t number) { return numbered_name(kEvents, number); }

/// The numbers of our files, in order; other files in the folder are left alone.
std::string list_files(FileSystem& disk, const std::string& folder, std::vector<std::uint64_t>& numbers,
                       std::vector<std::string>& absurd) {
  numbers.clear();
  absurd.clear();
  std::vector<std::string> names;
  if (std::string error = disk.list(folder, names); !error.empty()) return error;
  for (const std::string& name : names) {
    if (const std::uint64_t number = number_in_name(kEvents, name, absurd)) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  std::sort(absurd.begin(), absurd.end());
  return "";
}

}  // namespace

std::string BoxFiles::warning() const { return absurd_names_text(folder_, absurd_); }

std::string BoxFiles::path(std::uint64_t number) const { return folder_ + "/" + name_of_file(number); }

std::string BoxFiles::open() {
  if (std::string error = disk_.make_folder(folder_); !error.empty()) return error;
  if (!locked_) {
    if (std::string error = disk_.lock(folder_); !error.empty()) return error;
    locked_ = true;
  }
  if (std::string error = list_files(disk_, folder_, numbers_, absurd_); !error.empty()) return error;
  size_ = 0;
  std::string text;
  if (numbers_.empty()) return "";
  // One that cannot be read is left as it is, and the next is begun.
  const bool readable = disk_.read(path(numbers_.back()), text, kEventsFile).empty();
  const std::size_t end = text.rfind('\n');
  size_ = !readable ? limits_.file_bytes : end == std::string::npos ? 0 : end + 1;
  return "";
}

std::string BoxFiles::append(std::string_view lines) {
  if (lines.empty()) return "";
  if (numbers_.empty() || size_ + lines.size() > limits_.file_bytes) return begin_file(lines);
  std::string error = disk_.append(path(numbers_.back()), size_, lines);
  error.empty() ? static_cast<void>(size_ += lines.size()) : find_again();
  return error;
}

/// Another program may have removed or cut the file; then it goes on with what there is.
void BoxFiles::find_again() {
  std::string text;
  const std::string newest = path(numbers_.back());
  const bool gone = disk_.kind(newest) != FileSystem::Kind::file;
  if (gone || (disk_.read(newest, text, kEventsFile).empty() && text.size() < size_)) static_cast<void>(open());
}

/// First room, then the new one: at no moment there are more than allowed.
std::string BoxFiles::begin_file(std::string_view lines) {
  while (!numbers_.empty() && numbers_.size() >= static_cast<std::size_t>(std::max(limits_.files, 1))) {
    if (std::string error = disk_.remove(path(numbers_.front())); !error.empty()) return error;
    numbers_.erase(numbers_.begin());
  }
  const std::uint64_t number = numbers_.empty() ? 1 : numbers_.back() + 1;
  if (number > kHighestFileNumber) {
    return "no number is left above those of the files in " + folder_ + "; move the one with the highest away";
  }
  std::string error = disk_.write(path(number), lines);
  if (!error.empty()) return error;
  numbers_.push_back(number);
  size_ = lines.size();
  return disk_.sync_folder(folder_);
}

std::vector<Event> read_box(FileSystem& disk, const std::string& folder, std::size_t most, std::size_t* damaged) {
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> absurd;
  std::vector<Event> newest_first;
  if (!list_files(disk, folder, numbers, absurd).empty()) return {};
  for (auto number = numbers.rbegin(); number != numbers.rend() && newest_first.size() < most; ++number) {
    std::string text;
    if (!disk.read(folder + "/" + name_of_file(*number), text, kEventsFile).empty()) {
      if (damaged != nullptr) ++*damaged;
      continue;
    }
    std::string_view rest = text;
    while (!rest.empty() && newest_first.size() < most) {
      // Behind the last line's end there is nothing, or the beginning of a line that was never finished.
      const std::size_t end = rest.rfind('\n');
      const std::string_view line = rest.substr(end == std::string_view::npos ? 0 : end + 1);
      const bool whole = rest.size() != text.size();  // what follows the last end is cut off, even if it reads well
      rest = rest.substr(0, end == std::string_view::npos ? 0 : end);
      if (line.empty()) continue;
      auto event = whole ? parse_event(line) : std::nullopt;
      if (event) {
        newest_first.push_back(*std::move(event));
      } else if (damaged != nullptr) {
        ++*damaged;
      }
    }
  }
  std::reverse(newest_first.begin(), newest_first.end());
  return newest_first;
}

}  // namespace fohd
