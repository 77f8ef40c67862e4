#include "control/desk/desk.h"

#include <algorithm>

namespace fohd {

Desk::Desk(const Geometry& geometry)
    : table_(geometry), settings_(geometry), journal_(table_.size()), origins_(table_.size()) {
  for (ParameterId id = 0; id < table_.size(); ++id) table_.write(settings_, id, table_.default_value(id));
}

bool is_undoable(const ParameterRow& row) noexcept {
  return row.persistence != Persistence::momentary && row.stage != Stage::shutter;
}

bool Desk::apply(const Origin& origin, std::span<const Change> changes, std::string& error,
                 std::vector<ParameterId>* echo, StepId step) {
  // Nothing after this loop can fail, so all or nothing costs no undo.
  const Rights rights = rights_of(origin);
  std::vector<Change> fitting;
  fitting.reserve(changes.size());
  for (const Change& change : changes) {
    std::optional<Value> value = accept(rights, change, error);
    if (!value) {
      const std::string& address = table_[change.id].address;
      if (!may_change(rights, table_[change.id])) note_refused(origin, address);
      return false;
    }
    fitting.push_back({change.id, *std::move(value)});
  }
  echo_ = echo;
  journal_.begin(step, origin, now_ms_, publication_);
  for (const Change& change : fitting) {
    if (table_[change.id].row->link_role == LinkRole::toggle) {
      set_link(origin, change.id, change.value);
    } else {
      write_linked(origin, change.id, change.value);
    }
  }
  echo_ = nullptr;
  journal_.end();
  return true;
}

bool Desk::may_replay(const Origin& origin, const JournalStep* step, std::string& error) const {
  if (step == nullptr) {
    error = "there is nothing";
    return false;
  }
  const Rights rights = rights_of(origin);
  for (const JournalChange& change : step->changes) {
    if (may_change(rights, table_[change.id])) continue;
    error = table_[change.id].address + ": " + explain_refusal(rights);
    note_refused(origin, table_[change.id].address);
    return false;
  }
  return true;
}

bool Desk::undo(const Origin& origin, std::string& error) {
  const JournalStep* const step = journal_.undoable();
  if (!may_replay(origin, step, error)) return false;
  for (auto change = step->changes.rbegin(); change != step->changes.rend(); ++change) {
    write(origin, change->id, change->before);
  }
  journal_.note_undone();
  return true;
}

bool Desk::redo(const Origin& origin, std::string& error) {
  const JournalStep* const step = journal_.redoable();
  if (!may_replay(origin, step, error)) return false;
  for (const JournalChange& change : step->changes) write(origin, change.id, change.after);
  journal_.note_redone();
  return true;
}

std::optional<Value> Desk::accept(const Rights& rights, const Change& change, std::string& error) const {
  if (may_change(rights, table_[change.id])) return table_.coerce(change.id, change.value, error);
  error = table_[change.id].address + ": " + explain_refusal(rights);
  return std::nullopt;
}

bool Desk::linked(StripRef strip) const {
  const auto link = row_of(strip.owner_kind).link;
  return link != nullptr && *link(settings_, strip.owner);
}

void Desk::write_linked(const Origin& origin, ParameterId id, const Value& value) {
  const Parameter& p = table_[id];
  write(origin, id, value);
  const bool pair = p.row->linked && linked({p.owner_kind, p.owner});
  const auto towards = p.row->repeat.towards;
  const bool towards_pair = towards && linked({*towards, p.index});
  if (pair) write(origin, p.partner, value);
  if (towards_pair) write(origin, p.send_partner, value);
  if (pair && towards_pair) write(origin, table_[p.partner].send_partner, value);
}

void Desk::set_link(const Origin& origin, ParameterId id, const Value& value) {
  const Parameter& p = table_[id];
  const bool was = linked({p.owner_kind, p.owner}), is = std::get<std::int32_t>(value) != 0;
  write(origin, id, value);
  write(origin, p.partner, value);
  if (was == is) return;

  const auto [first, end] = table_.strip(std::min(id, p.partner));
  for (ParameterId odd = first; odd < end; ++odd) {
    const Parameter& parameter = table_[odd];
    if (parameter.row->link_role == LinkRole::pan) {
      // A hard-panned pair sounds the same as a balance of 0, so neither way changes a sample (docs/DESK.md, "Stereo
      // links").
      write(origin, odd, is ? 0.0f : -100.0f);
      write(origin, parameter.partner, is ? 0.0f : 100.0f);
    } else if (is && parameter.row->linked) {
      write(origin, parameter.partner, get(odd));
    }
  }
  if (is) link_sends(origin, {p.owner_kind, std::min(p.owner, table_[p.partner].owner)});
}

void Desk::link_sends(const Origin& origin, StripRef odd) {
  for (ParameterId id = 0; id < table_.size(); ++id) {
    const Parameter& p = table_[id];
    if (p.row->repeat.towards == odd.owner_kind && p.index == odd.owner) write(origin, p.send_partner, get(id));
  }
}

void Desk::write(const Origin& origin, ParameterId id, const Value& value) {
  if (echo_ != nullptr) echo_->push_back(id);
  const Value before = get(id);
  if (before == value) return;
  if (origin.side != Origin::Side::start && is_undoable(*table_[id].row)) journal_.record(id, before, value);
  table_.write(settings_, id, value);
  origins_[id] = origin;
  for (Observer* observer : observers_) observer->dirty.insert(id);
}

void Desk::attach(Observer& observer) {
  observer.dirty = DirtySet(table_.size());
  observers_.push_back(&observer);
}

void Desk::detach(Observer& observer) { std::erase(observers_, &observer); }

}  // namespace fohd
