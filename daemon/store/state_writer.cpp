#include "daemon/store/state_writer.h"

#include <algorithm>
#include <limits>

#include "daemon/base/numbered_file.h"

namespace fohd {
namespace {
constexpr double kLongAgo = std::numeric_limits<double>::lowest();
constexpr double kRetry_s = 1;             // a changed card, a freed disk: seen within a second
constexpr double kRetryGeneration_s = 10;  // it writes far more, into a disk that may be full
constexpr double kRepeatFailure_s = 60;    // often enough to be seen, rarely enough not to fill a log
constexpr double kLongestSleep_s = 3600;

/// What decides at the next start; how the last one ended does not.
bool same_situation(const StateMeta& a, const StateMeta& b) {
  return a.geometry_counts == b.geometry_counts && a.geometry == b.geometry && a.rate_hz == b.rate_hz &&
         a.device == b.device && a.boot_id == b.boot_id && a.program_version == b.program_version;
}
}  // namespace

StateWriter::StateWriter(FileSystem& files, std::string folder, StateMeta meta, Mix mix, Store::Report report,
                         const StoreOptions& options)
    : files_(files),
      folder_(std::move(folder)),
      meta_(std::move(meta)),
      mix_(std::move(mix)),
      report_(std::move(report)),
      options_(options),
      append_due_s_(kLongAgo),
      generation_due_s_(kLongAgo),
      generation_retry_s_(kLongAgo),
      document_retry_s_(kLongAgo) {
  meta_.clean_exit = false;
}

void StateWriter::change(std::vector<AddressedValue>&& changes) {
  std::size_t noted = 0;
  try {
    for (auto& [address, value] : changes) {
      unwritten_.insert(address);
      mix_.insert_or_assign(std::move(address), std::move(value));
      ++noted;
    }
  } catch (...) {
    changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(noted));
    throw;
  }
  changes.clear();
}

void StateWriter::stumbled(double now_s, const std::string& why) {
  failed(turn_, now_s, why, "The mix is not being saved; the desk goes on and keeps trying.");
}

void StateWriter::works_again() { succeeded(turn_); }

void StateWriter::change_meta(const StateMeta& meta) {
  meta_changed_ = meta_changed_ || !same_situation(meta, meta_);
  meta_ = meta;
  meta_.clean_exit = false;
}

void StateWriter::change_document(const std::string& name, std::string&& text) { documents_[name] = std::move(text); }

bool StateWriter::generation_wanted() const noexcept {
  // A log that cannot be written may have vanished: then only a new generation helps.
  return number_ == 0 || meta_changed_ || log_.failing || log_bytes_ >= options_.log_limit_bytes;
}

double StateWriter::turn(double now_s) {
  if (!unwritten_.empty() && number_ != 0 && now_s >= append_due_s_) append_changes(now_s);
  const bool due = generation_wanted() || (changed_since_generation_ && now_s >= generation_due_s_);
  if (due && now_s >= generation_retry_s_) write_generation(now_s);

  // The first generation locks the folder, so it goes first.
  if (!documents_.empty() && locked_ && now_s >= document_retry_s_) write_documents(now_s);

  double next_s = now_s + kLongestSleep_s;
  if (!documents_.empty() && locked_) next_s = std::min(next_s, document_retry_s_);
  if (!unwritten_.empty() && number_ != 0) next_s = std::min(next_s, append_due_s_);
  if (generation_wanted()) next_s = std::min(next_s, generation_retry_s_);
  if (changed_since_generation_) next_s = std::min(next_s, std::max(generation_due_s_, generation_retry_s_));
  return next_s;
}

void StateWriter::finish(double now_s) {
  meta_.clean_exit = true;
  if (!unwritten_.empty() && number_ != 0) append_changes(now_s);
  if (generation_wanted() || changed_since_generation_ || !unwritten_.empty()) write_generation(now_s);
  if (!documents_.empty() && locked_) write_documents(now_s);
  files_.unlock();
}

void StateWriter::write_documents(double now_s) {
  for (auto at = documents_.begin(); at != documents_.end();) {
    const std::string error = write_whole(files_, folder_, at->first, at->second);
    if (error.empty()) {
      at = documents_.erase(at);
      continue;
    }
    document_retry_s_ = now_s + kRetry_s;
    failed(document_, now_s, error, at->first + " is not saved; the desk goes on and keeps trying.");
    ++at;
  }
  if (documents_.empty()) succeeded(document_, "Documents are");
}

void StateWriter::append_changes(double now_s) {
  std::vector<AddressedValue> changes;
  changes.reserve(unwritten_.size());
  for (const std::string& address : unwritten_) {
    const auto found = mix_.find(address);
    if (found != mix_.end()) changes.emplace_back(*found);  // not there: memory ran out before its value was noted
  }
  const std::string text = log_text(changes);
  const std::string error = files_.append(log_path(folder_, number_), log_bytes_, text);
  if (!error.empty()) {
    append_due_s_ = now_s + kRetry_s;
    failed(log_, now_s, error, "The latest changes are not on the disk; the desk goes on and keeps trying.");
    return;
  }
  append_due_s_ = now_s + options_.log_interval_s;
  log_bytes_ += text.size();
  unwritten_.clear();
  changed_since_generation_ = true;
  succeeded(log_);
}

void StateWriter::write_generation(double now_s) {
  // Called right after an append, so the old log is complete: should the new generation ever prove damaged, the old one
  // with both logs gives the same mix.
  const std::string error = try_generation();
  if (!error.empty()) {
    generation_retry_s_ = now_s + (number_ == 0 ? kRetry_s : kRetryGeneration_s);
    failed(generation_, now_s, error,
           number_ == 0   ? "The mix is not being saved; the desk goes on and keeps trying."
           : log_.failing ? "Neither can the mix be saved as a whole; the desk goes on and keeps trying."
                          : "The mix could not be saved as a whole; changes still go to the log.");
    return;
  }
  generation_due_s_ = now_s + options_.generation_interval_s;
  generation_retry_s_ = kLongAgo;
  meta_changed_ = changed_since_generation_ = false;
  unwritten_.clear();
  succeeded(log_);
  succeeded(generation_);
  prune();
}

std::string StateWriter::try_generation() {
  std::string error;
  if (!locked_) {
    error = files_.make_folder(folder_);
    if (error.empty()) error = files_.lock(folder_);
    if (!error.empty()) return error;
    locked_ = true;
  }
  StateFiles present;
  error = list_state_files(folder_, files_, present);
  if (!error.empty()) return error;
  if (number_ == 0 && adopt_newest(present)) return "";
  std::uint64_t next = number_;
  if (!present.generations.empty()) next = std::max(next, present.generations.back());
  if (!present.logs.empty()) next = std::max(next, present.logs.back());
  if (next >= kHighestFileNumber) {
    return "no number is left above those of the files in " + folder_ + "; move the one with the highest away";
  }
  // A part that is no file, such as a folder of that name, can be neither written nor removed.
  while (files_.kind(generation_path(folder_, ++next) + ".part") == FileSystem::Kind::folder) continue;
  const std::string path = generation_path(folder_, next), part = path + ".part", log = log_path(folder_, next);
  error = files_.write(part, generation_text(meta_, next, files_.utc_now(), mix_));
  // The log is there before its generation is: one sync of the folder makes both last.
  if (error.empty()) error = files_.write(log, "");
  if (error.empty()) error = files_.rename(part, path);
  if (!error.empty()) {
    static_cast<void>(files_.remove(part));  // room on a full disk; what fails here has been said already
    static_cast<void>(files_.remove(log));
    return error;
  }
  if (number_ != 0 && log_bytes_ == 0 && unwritten_.empty()) superseded_.insert(number_);
  number_ = next;
  log_bytes_ = 0;
  whole_[next] = true;
  return files_.sync_folder(folder_);
}

/// At the start: when the newest generation holds just what would be written, it goes on being the newest. Otherwise a
/// desk that is only switched on and off would push every older mix out of the folder.
bool StateWriter::adopt_newest(const StateFiles& present) {
  if (present.generations.empty()) return false;
  const std::uint64_t newest = present.generations.back();
  if (!present.logs.empty() && present.logs.back() > newest) return false;
  const StoredState stored = load_state(folder_, files_);
  std::string log;
  const std::size_t about_names = present.absurd.empty() ? 0 : 1;  // what is left alone is no change
  const bool unchanged =
      stored.found && stored.warnings.size() == about_names && stored.source == generation_path(folder_, newest) &&
      files_.read(log_path(folder_, newest), log).empty() && log.empty() &&
      std::equal(stored.values.begin(), stored.values.end(), mix_.begin(), mix_.end(),
                 [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; });
  if (!unchanged) return false;
  whole_[newest] = true;
  if (!same_situation(stored.meta, meta_)) {
    superseded_.insert(newest);
    return false;
  }
  number_ = newest;
  log_bytes_ = 0;
  return true;
}

/// Whether generation `number` can be read. Each is read once: it does not change any more.
bool StateWriter::whole(std::uint64_t number) {
  const auto known = whole_.find(number);
  if (known != whole_.end()) return known->second;
  std::string text;
  return whole_[number] =
             files_.read(generation_path(folder_, number), text).empty() && parse_generation(text).error.empty();
}

/// Keeps the last few mixes that can be read. What cannot be read is neither counted nor removed: a person may want to
/// save what is in it, and it must not push out what is good.
void StateWriter::prune() {
  StateFiles present;
  if (!list_state_files(folder_, files_, present).empty()) return;  // the next generation cleans up
  std::vector<std::uint64_t> kept;                                  // rising, whole ones only
  std::set<std::uint64_t> damaged;
  for (std::uint64_t number : present.generations) {
    if (whole(number)) {
      kept.push_back(number);
    } else {
      damaged.insert(number);
    }
  }
  const auto keep = static_cast<std::size_t>(std::max(options_.keep_generations, 1));
  while (kept.size() > keep) {
    auto victim = std::find_if(kept.begin(), kept.end() - 1, [&](auto number) { return superseded_.contains(number); });
    if (victim == kept.end() - 1) victim = kept.begin();
    static_cast<void>(files_.remove(generation_path(folder_, *victim)));
    // The log of a superseded generation is empty; one below the oldest that is left is no longer needed.
    if (superseded_.erase(*victim) != 0) static_cast<void>(files_.remove(log_path(folder_, *victim)));
    whole_.erase(*victim);
    kept.erase(victim);
  }
  for (std::uint64_t number : present.logs) {
    const bool needed = kept.empty() || number >= kept.front() || damaged.contains(number);
    if (!needed) static_cast<void>(files_.remove(log_path(folder_, number)));
  }
  for (const std::string& name : present.leftovers) static_cast<void>(files_.remove(folder_ + "/" + name));
}

void StateWriter::succeeded(Attempt& attempt, const char* what) {
  if (attempt.failing && report_) report_(std::string(what) + " being saved again in " + folder_ + ".");
  attempt = Attempt();
}

void StateWriter::failed(Attempt& attempt, double now_s, const std::string& why, const std::string& consequence) {
  const bool repeated = attempt.failing && why == attempt.said && now_s < attempt.say_again_s;
  attempt.failing = true;
  if (repeated) return;
  if (report_) report_("State: " + why + ". " + consequence);
  attempt.said = why;
  attempt.say_again_s = now_s + kRepeatFailure_s;
}

}  // namespace fohd
