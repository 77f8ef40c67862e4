// What changed, with what was there before: undo and redo. Bounded; the oldest steps are
// forgotten first, whole.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "control/desk/origin.h"
#include "control/parameters/table.h"

namespace fohd {

/// What is undone together: a hand on a fader, a bundle, a recall. 0: a change is a step of its own.
using StepId = std::uint64_t;

struct JournalChange {
  ParameterId id = 0;
  Value before, after;
};

struct JournalStep {
  StepId step = 0;
  Origin origin;
  std::int64_t time_ms = 0;                        ///< of its last change, monotonic
  std::uint64_t publication = 0;                   ///< the targets that carry its last change to the engine
  std::optional<std::uint64_t> engine_frame = {};  ///< where the engine took them; nothing: not known (yet)
  std::vector<JournalChange> changes;              ///< each parameter once, in order of first change
};

/// [control]
class Journal {
 public:
  /// Steps are kept while all of them together have no more changes than this; the newest is kept whatever its size. A
  /// change is about 100 bytes.
  static constexpr std::size_t kMostChanges = 32768;
  explicit Journal(std::size_t parameters, std::size_t most_changes = kMostChanges);

  /// The changes that follow, until the next call, are one step, or go on with the newest if `step` is its own, by the
  /// same origin. What had been undone is forgotten with the first of them.
  void begin(StepId step, const Origin& origin, std::int64_t time_ms, std::uint64_t publication);
  void record(ParameterId id, const Value& before, const Value& after);
  /// A step of its own that left everything as it was is forgotten.
  void end();

  /// The step that undo takes back, and redo brings back; null: there is none.
  const JournalStep* undoable() const noexcept { return done_ == 0 ? nullptr : &steps_[done_ - 1]; }
  const JournalStep* redoable() const noexcept { return done_ == steps_.size() ? nullptr : &steps_[done_]; }
  void note_undone() noexcept { --done_, end_merging(); }
  void note_redone() noexcept { ++done_, end_merging(); }

  /// The engine took these targets at that frame: true of all steps up to them of which it is not known.
  void note_taken(std::uint64_t publication, std::uint64_t engine_frame) noexcept;
  /// Another engine counts its frames anew: what was not taken never will be.
  void new_engine() noexcept { first_unknown_ = steps_.size(); }

  const std::deque<JournalStep>& steps() const noexcept { return steps_; }  ///< oldest first
  std::size_t changes() const noexcept { return change_count_; }            ///< of all steps

 private:
  void end_merging() noexcept { merging_ = open_ = false; }
  void start_step();
  void forget_undone();
  void forget_oldest();

  std::size_t most_changes_;
  std::deque<JournalStep> steps_;
  std::size_t done_ = 0;  ///< steps_ up to here are in force, the others are undone
  std::size_t change_count_ = 0, first_unknown_ = 0;
  JournalStep next_;  ///< what begin() was told, until the first change
  bool open_ = false, started_ = false, merging_ = false;
  std::uint64_t serial_ = 0;            ///< of the newest step
  std::vector<std::uint64_t> seen_in_;  ///< [parameter] the last step that has it
  std::vector<std::uint32_t> place_;    ///< [parameter] where, in that step
};

}  // namespace fohd
