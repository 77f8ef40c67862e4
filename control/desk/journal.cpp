#include "control/desk/journal.h"

#include <algorithm>

namespace fohd {

Journal::Journal(std::size_t parameters, std::size_t most_changes)
    : most_changes_(most_changes), seen_in_(parameters), place_(parameters) {}

void Journal::begin(StepId step, const Origin& origin, std::int64_t time_ms, std::uint64_t publication) {
  const bool goes_on = merging_ && step != 0 && done_ == steps_.size() && !steps_.empty() &&
                       steps_.back().step == step && steps_.back().origin == origin;
  next_ = {step, origin, time_ms, publication, {}, {}};
  open_ = true;
  started_ = goes_on;
  if (goes_on) steps_.back().time_ms = time_ms;
}

void Journal::start_step() {
  forget_undone();
  steps_.push_back(next_);
  done_ = steps_.size();
  ++serial_;
  started_ = merging_ = true;
}

void Journal::record(ParameterId id, const Value& before, const Value& after) {
  if (!open_) return;
  if (!started_) start_step();
  JournalStep& step = steps_.back();
  step.publication = next_.publication;
  step.engine_frame.reset();
  if (first_unknown_ == steps_.size()) --first_unknown_;
  if (seen_in_[id] == serial_) {
    step.changes[place_[id]].after = after;
    return;
  }
  seen_in_[id] = serial_;
  place_[id] = static_cast<std::uint32_t>(step.changes.size());
  step.changes.push_back({id, before, after});
  ++change_count_;
  while (change_count_ > most_changes_ && steps_.size() > 1) forget_oldest();
}

void Journal::end() {
  open_ = false;
  if (!started_ || next_.step != 0) return;
  JournalStep& step = steps_.back();
  const auto same = [](const JournalChange& change) { return change.before == change.after; };
  if (!std::all_of(step.changes.begin(), step.changes.end(), same)) return;
  change_count_ -= step.changes.size();
  steps_.pop_back();
  done_ = steps_.size();
  first_unknown_ = std::min(first_unknown_, done_);
  merging_ = false;
}

void Journal::forget_undone() {
  while (steps_.size() > done_) {
    change_count_ -= steps_.back().changes.size();
    steps_.pop_back();
  }
  first_unknown_ = std::min(first_unknown_, steps_.size());
}

void Journal::forget_oldest() {
  change_count_ -= steps_.front().changes.size();
  steps_.pop_front();
  if (done_ > 0) --done_;
  if (first_unknown_ > 0) --first_unknown_;
}

void Journal::note_taken(std::uint64_t publication, std::uint64_t engine_frame) noexcept {
  for (; first_unknown_ < steps_.size() && steps_[first_unknown_].publication <= publication; ++first_unknown_) {
    steps_[first_unknown_].engine_frame = engine_frame;
  }
}

}  // namespace fohd
