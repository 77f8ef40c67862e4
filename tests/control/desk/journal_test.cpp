#include "control/desk/journal.h"

#include <catch2/catch.hpp>
#include <random>

#include "control/desk/desk.h"
#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

const Geometry kDesk{.inputs = 6, .returns = 4, .buses = 4};

/// Of all values that can be undone, FNV-1a: two desks that differ have the same one with a chance of 2^-64.
std::uint64_t mix_of(const Desk& desk) {
  std::uint64_t hash = 14695981039346656037u;
  const auto add = [&hash](const void* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<const unsigned char*>(bytes)[i]) * 1099511628211u;
  };
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    if (!is_undoable(*desk.table()[id].row)) continue;
    const Value value = desk.get(id);
    if (const auto* text = std::get_if<std::string>(&value)) {
      add(text->c_str(), text->size() + 1);
    } else {
      const double number = number_in(value).value() + 0.0;  // -0 and 0 are one value
      add(&number, sizeof number);
    }
  }
  return hash;
}

bool put(Desk& desk, const char* address, const Value& value, StepId step = 0, std::uint64_t client = 1) {
  const Change change{desk.table().find(address).value(), value};
  std::string error;
  return desk.apply({Origin::Side::osc, client}, {&change, 1}, error, nullptr, step);
}
bool undo(Desk& desk) {
  std::string error;
  return desk.undo({}, error);
}
bool redo(Desk& desk) {
  std::string error;
  return desk.redo({}, error);
}
float fader(const Desk& desk) { return std::get<float>(desk.get(desk.table().find("/ch/1/fader").value())); }

}  // namespace

TEST_CASE("journal: 10,000 changes by five clients are undone one by one, and every desk in between is as it was",
          "[control][journal]") {
  Desk desk(kDesk);
  std::mt19937 random(5);
  std::vector<std::uint64_t> mixes = {mix_of(desk)};
  while (mixes.size() <= 10'000) {
    std::vector<Change> changes;
    const std::size_t size = 1 + random() % 3;
    while (changes.size() < size) {
      // Links are among them: what follows from a rule is undone with what it followed from.
      changes.push_back(random_change(desk.table(), random));
    }
    std::string error;
    REQUIRE(desk.apply({Origin::Side::osc, 1 + random() % 5}, changes, error));
    if (const std::uint64_t mix = mix_of(desk); mix != mixes.back()) mixes.push_back(mix);
  }
  const std::size_t kept = desk.journal().steps().size();
  CAPTURE(kept, desk.journal().changes());
  CHECK(desk.journal().changes() <= Journal::kMostChanges);
  REQUIRE(kept > 1000);
  std::size_t at = mixes.size() - 1;
  while (undo(desk)) REQUIRE(mix_of(desk) == mixes[--at]);
  CHECK(mixes.size() - 1 - at == kept);
  while (redo(desk)) REQUIRE(mix_of(desk) == mixes[++at]);
  CHECK(at == mixes.size() - 1);
}

TEST_CASE("journal: as many steps as fit are kept, the oldest go first, and the newest stays however large",
          "[control][journal]") {
  Journal journal(1000, 100);
  const auto step = [&journal](std::size_t first, std::size_t count) {
    journal.begin(0, {}, 0, 0);
    for (std::size_t i = first; i < first + count; ++i) journal.record(static_cast<ParameterId>(i), 0.0f, 1.0f);
    journal.end();
  };
  for (std::size_t i = 0; i < 10; ++i) step(i * 30, 30);
  CHECK(journal.changes() == 90);
  REQUIRE(journal.steps().size() == 3);
  CHECK(journal.steps().front().changes.front().id == 210);
  step(0, 500);
  CHECK(journal.steps().size() == 1);
  CHECK(journal.changes() == 500);
}

TEST_CASE("journal: a hand is one step, from where it began to where it let go", "[control][journal]") {
  Desk desk(kDesk);
  REQUIRE(put(desk, "/ch/1/fader", -20.0f));
  const StepId hand = desk.new_step();
  for (const float db : {-19.0f, -15.0f, -3.0f, -6.0f}) REQUIRE(put(desk, "/ch/1/fader", db, hand));
  REQUIRE(put(desk, "/ch/1/mute", 1, hand));
  REQUIRE(desk.journal().steps().size() == 2);
  CHECK(desk.journal().steps().back().changes.size() == 2);
  REQUIRE(undo(desk));
  CHECK(fader(desk) == -20.0f);
  REQUIRE(redo(desk));
  CHECK(fader(desk) == -6.0f);
  // The same number goes on only while nothing else came in between, and only for its own client.
  REQUIRE(put(desk, "/ch/2/fader", -1.0f));
  REQUIRE(put(desk, "/ch/1/fader", -7.0f, hand));
  REQUIRE(put(desk, "/ch/1/fader", -8.0f, hand, 2));
  CHECK(desk.journal().steps().size() == 5);
}

TEST_CASE("journal: what is done after an undo takes the place of what was undone", "[control][journal]") {
  Desk desk(kDesk);
  CHECK_FALSE(undo(desk));
  REQUIRE(put(desk, "/ch/1/fader", -20.0f));
  REQUIRE(put(desk, "/ch/1/fader", -10.0f));
  REQUIRE(undo(desk));
  REQUIRE(put(desk, "/ch/1/fader", -5.0f));
  CHECK_FALSE(redo(desk));
  CHECK(desk.journal().steps().size() == 2);
  REQUIRE(undo(desk));
  CHECK(fader(desk) == -20.0f);
}

TEST_CASE("journal: what changes nothing, or is refused, is no step", "[control][journal]") {
  Desk desk(kDesk);
  REQUIRE(put(desk, "/ch/1/fader", -20.0f));
  REQUIRE(put(desk, "/ch/1/fader", -20.0f));
  CHECK_FALSE(put(desk, "/ch/1/fader", std::string("loud")));
  CHECK(desk.journal().steps().size() == 1);
  std::string error;
  const ParameterId fader_id = desk.table().find("/ch/1/fader").value();
  const Change there_and_back[] = {{fader_id, -3.0f}, {fader_id, -20.0f}};
  REQUIRE(desk.apply({}, there_and_back, error));
  CHECK(desk.journal().steps().size() == 1);
  REQUIRE(undo(desk));
  REQUIRE(put(desk, "/ch/1/mute", 0));  // it is 0: what was undone can still be redone
  CHECK(redo(desk));
}

TEST_CASE("journal: a step has its time, its targets, and the frame at which the engine took them",
          "[control][journal]") {
  Desk desk(kDesk);
  desk.set_time(100, 7);
  REQUIRE(put(desk, "/ch/1/fader", -20.0f));
  desk.set_time(120, 8);
  REQUIRE(put(desk, "/ch/1/fader", -10.0f));
  desk.set_time(140, 9);
  REQUIRE(put(desk, "/ch/1/fader", -5.0f));
  const auto& steps = desk.journal().steps();
  CHECK(steps[0].time_ms == 100);
  CHECK(steps[2].publication == 9);
  CHECK(steps[0].origin == Origin{Origin::Side::osc, 1});
  desk.journal().note_taken(8, 4096);  // 7 was never taken by itself: 8 came in its place
  CHECK(steps[0].engine_frame == 4096);
  CHECK(steps[1].engine_frame == 4096);
  CHECK_FALSE(steps[2].engine_frame);
  desk.journal().note_taken(9, 8192);
  CHECK(steps[1].engine_frame == 4096);
  CHECK(steps[2].engine_frame == 8192);
}

TEST_CASE("journal: nobody takes back what they may not change", "[control][journal]") {
  struct Monitors final : Gate {
    Rights rights_of(const Origin& origin) const override {
      return origin.client == 1 ? Rights{Role::engineer} : Rights{Role::monitor, 1u << 1};
    }
    void refused(const Origin&, std::string_view address) override { told = address; }
    std::string told;
  } gate;
  Desk desk(kDesk);
  desk.set_gate(&gate);
  REQUIRE(put(desk, "/bus/2/fader", -20.0f));
  REQUIRE(put(desk, "/ch/1/fader", -10.0f));
  std::string error;
  CHECK_FALSE(desk.undo({Origin::Side::osc, 2}, error));
  CHECK(error.starts_with("/ch/1/fader: "));
  CHECK(gate.told == "/ch/1/fader");
  CHECK(fader(desk) == -10.0f);
  REQUIRE(desk.undo({Origin::Side::osc, 1}, error));
  CHECK_FALSE(desk.redo({Origin::Side::osc, 2}, error));
  CHECK(desk.undo({Origin::Side::osc, 2}, error));  // its own bus
  CHECK_FALSE(desk.undo({Origin::Side::osc, 1}, error));
  CHECK(error == "there is nothing");
}

TEST_CASE("journal: no undo takes back the mix of the start, opens what a panic shut, or touches what is momentary",
          "[control][journal]") {
  Desk desk(kDesk);
  std::string error;
  const Change restored{desk.table().find("/ch/1/fader").value(), -12.0f};
  REQUIRE(desk.apply({Origin::Side::start, 0}, {&restored, 1}, error));
  REQUIRE(put(desk, "/panic", 1));
  REQUIRE(put(desk, "/ch/1/gate/key/listen", 1));
  CHECK(desk.journal().steps().empty());
  CHECK_FALSE(undo(desk));
  CHECK(fader(desk) == -12.0f);
  CHECK(desk.settings().global.panic);
}
