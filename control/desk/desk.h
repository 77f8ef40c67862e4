// The only entry. Every change to the mix, from whatever side, passes Desk::apply: rights -> clamp -> rules (links) ->
// write -> mark dirty. Observers read their own bitset when it is their turn; there are no callbacks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/desk/journal.h"
#include "control/desk/origin.h"
#include "control/parameters/table.h"
#include "control/rights/rights.h"

namespace fohd {

struct Change {
  ParameterId id = 0;
  Value value;
};

/// A set of parameter ids that can be filled and drained cheaply: a bitset plus a list of what is in it.
class DirtySet {
 public:
  explicit DirtySet(std::size_t size = 0) : words_((size + 63) / 64) {}
  void insert(ParameterId id) {
    std::uint64_t& word = words_[id / 64];
    const std::uint64_t bit = std::uint64_t{1} << (id % 64);
    if ((word & bit) == 0) {
      word |= bit;
      list_.push_back(id);
    }
  }
  bool contains(ParameterId id) const { return (words_[id / 64] >> (id % 64) & 1) != 0; }
  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  /// In order of first change.
  std::span<const ParameterId> ids() const noexcept { return list_; }
  void clear() {
    for (ParameterId id : list_) words_[id / 64] = 0;
    list_.clear();
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<ParameterId> list_;
};

/// Collects what changed. `last_origin` of an id is the client that gets no echo.
struct Observer {
  DirtySet dirty;
};

/// Decides which origin may change what. Without a gate every origin may change everything.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual Rights rights_of(const Origin& origin) const = 0;
  /// A change or a command of this one was refused; `address`: of what.
  virtual void refused(const Origin& origin, std::string_view address) = 0;
};

/// [any] Whether a change of it can be taken back: not what is momentary, and nothing that shuts or opens all outputs.
bool is_undoable(const ParameterRow& row) noexcept;

/// [control thread only]
class Desk {
 public:
  explicit Desk(const Geometry& geometry);

  /// Must outlive the desk. Every change to the desk passes it from now on.
  void set_gate(Gate* gate) noexcept { gate_ = gate; }
  void note_refused(const Origin& origin, std::string_view address) const {
    if (gate_ != nullptr) gate_->refused(origin, address);
  }
  Rights rights_of(const Origin& origin) const { return gate_ != nullptr ? gate_->rights_of(origin) : Rights{}; }

  /// Applies all changes as one, or none: on the first that cannot be (wrong type, not a number, not allowed to this
  /// origin) returns false and
  /// says in `error` which address and what is allowed. Values equal to the present one mark nothing dirty, except
  /// `echo`, which collects every id that was addressed or followed from a rule, whether it changed or not. What
  /// changed goes into the journal as `step`, but for what is_undoable() leaves out and what a start restores.
  bool apply(const Origin& origin, std::span<const Change> changes, std::string& error,
             std::vector<ParameterId>* echo = nullptr, StepId step = 0);

  /// A number for a step of several apply() calls, which no other has.
  StepId new_step() noexcept { return ++last_step_; }
  /// Takes the newest step of the journal back, exactly: no rule follows. False: there is none, or this origin may not
  /// change all that is in it; `error` says which.
  bool undo(const Origin& origin, std::string& error);
  /// The same with what was undone last.
  bool redo(const Origin& origin, std::string& error);
  const Journal& journal() const noexcept { return journal_; }
  Journal& journal() noexcept { return journal_; }
  /// What follows happens at that time, and will reach the engine with these targets (DeskTargets::publication).
  void set_time(std::int64_t now_ms, std::uint64_t publication) noexcept {
    now_ms_ = now_ms;
    publication_ = publication;
  }

  /// The value that apply() would write, or nothing, with the reason in `error`.
  std::optional<Value> accept(const Rights& rights, const Change& change, std::string& error) const;

  Value get(ParameterId id) const { return table_.read(settings_, id); }
  const DeskSettings& settings() const noexcept { return settings_; }
  const ParameterTable& table() const noexcept { return table_; }
  const Geometry& geometry() const noexcept { return table_.geometry(); }
  const Origin& last_origin(ParameterId id) const { return origins_[id]; }

  /// The observer must outlive the desk or be detached. It starts with nothing dirty.
  void attach(Observer& observer);
  void detach(Observer& observer);

 private:
  bool linked(StripRef strip) const;
  bool may_replay(const Origin& origin, const JournalStep* step, std::string& error) const;
  /// Writes one parameter and all that follow it while strips, or what they are sent to, are linked.
  void write_linked(const Origin& origin, ParameterId id, const Value& value);
  void set_link(const Origin& origin, ParameterId id, const Value& value);
  /// What is sent to the odd half of a pair goes to the even one alike.
  void link_sends(const Origin& origin, StripRef odd);
  /// Writes exactly one parameter, if it changes, and marks it dirty for the observers.
  void write(const Origin& origin, ParameterId id, const Value& value);

  ParameterTable table_;
  DeskSettings settings_;
  Gate* gate_ = nullptr;
  Journal journal_;
  StepId last_step_ = 0;
  std::int64_t now_ms_ = 0;
  std::uint64_t publication_ = 0;
  std::vector<Origin> origins_;
  std::vector<Observer*> observers_;
  std::vector<ParameterId>* echo_ = nullptr;  ///< of the apply() that is running
};

}  // namespace fohd
