#include "daemon/doors/doors.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <stdexcept>

#include "control/readouts/readouts.h"
#include "daemon/net/osc_door.h"

using namespace fohd;

namespace {

/// What happened at a door, in order.
struct Porter final : Door {
  Porter(Origin::Side where, std::vector<std::string>& log) : side_(where), log_(log) {}
  Origin::Side side() const noexcept override { return side_; }
  std::string status() const override { return "1 " + name(); }
  void open() override { note("open"); }
  void configure(const Config&) override { note("configure"); }
  bool close() override { return note("close"), lets_go; }
  void turn(std::int64_t) override { note("turn"); }
  void meters(const MeterFrame&, std::int64_t) override { note("meters"); }
  void watch_audio(std::uint64_t, std::int64_t) override { note("watch"); }
  void report() override { note("report"); }
  bool can_tell() const noexcept override { return side_ == Origin::Side::osc; }
  bool tell(ClientId client, const std::string& address, std::span<const Value> values) override {
    note("tell " + std::to_string(client) + " " + address + " " + std::get<std::string>(values[0]));
    return client != 9;
  }
  void drop(const Refused& refused) override { note(refused({side_, 1}, 0x0A000001, 2) ? "drops 1" : "keeps 1"); }
  std::vector<std::string> subscribers() const override { return {name() + "'s"}; }
  void add_metrics(std::vector<DoorMetric>& metrics) const override { metrics.push_back({"m", "gauge", "M.", 3}); }
  std::uint64_t lost_packets() const override { return 5; }
  std::string name() const { return side_ == Origin::Side::osc ? "osc" : "web"; }
  void note(const std::string& what) { log_.push_back(name() + " " + what); }

  Origin::Side side_;
  std::vector<std::string>& log_;
  bool lets_go = true;
};

using Log = std::vector<std::string>;

}  // namespace

TEST_CASE("doors: all have their turns in order, and answers go to the door that a client came through",
          "[daemon][doors]") {
  Log log;
  Doors doors;
  doors.add(std::make_unique<Porter>(Origin::Side::web, log));
  doors.add(std::make_unique<Porter>(Origin::Side::osc, log));
  CHECK_THROWS_AS(doors.add(std::make_unique<Porter>(Origin::Side::osc, log)), std::logic_error);

  doors.open();
  doors.turn(1);
  doors.meters(MeterFrame(Geometry{.inputs = 1, .returns = 0, .buses = 0}), 1);
  doors.watch_audio(1, 1);
  doors.report();
  doors.configure({});
  CHECK(log == Log{"web open", "osc open", "web turn", "osc turn", "web meters", "osc meters", "web watch", "osc watch",
                   "web report", "osc report", "web configure", "osc configure"});
  log.clear();

  CHECK(doors.can_tell({Origin::Side::osc, 1}));
  CHECK_FALSE(doors.can_tell({Origin::Side::web, 1}));
  CHECK_FALSE(doors.can_tell({Origin::Side::x32, 1}));  // there is no such door
  CHECK(doors.tell({Origin::Side::osc, 4}, "/log", "a line"));
  CHECK_FALSE(doors.tell({Origin::Side::osc, 9}, "/log", "b"));
  CHECK_FALSE(doors.tell({Origin::Side::x32, 4}, "/log", "c"));
  CHECK(log == Log{"osc tell 4 /log a line", "osc tell 9 /log b"});
  log.clear();

  doors.drop([](const Origin& client, std::uint32_t, std::uint32_t) { return client.side == Origin::Side::web; });
  CHECK(log == Log{"web drops 1", "osc keeps 1"});
  CHECK(doors.subscribers() == Log{"web's", "osc's"});
  CHECK(doors.status() == "1 web, 1 osc");
  CHECK(doors.metrics().size() == 2);
  CHECK(doors.lost_packets() == 10);
}

TEST_CASE("doors: one that does not let go keeps none of the others open", "[daemon][doors]") {
  Log log;
  Doors doors;
  auto stuck = std::make_unique<Porter>(Origin::Side::web, log);
  stuck->lets_go = false;
  doors.add(std::move(stuck));
  doors.add(std::make_unique<Porter>(Origin::Side::osc, log));
  CHECK_FALSE(doors.close());
  CHECK(log == Log{"web close", "osc close"});
}

TEST_CASE("doors: what the OSC door counts follows the rules of Prometheus' names", "[daemon][doors]") {
  boost::asio::io_context io;
  const Geometry small{.inputs = 1, .returns = 0, .buses = 0};
  Desk desk(small);
  DeskStatus status(small);
  struct Nothing final : CommandSink {
    bool execute(const CommandCall&, const Origin&, std::span<const Value>, std::string&) override { return false; }
  } commands;
  OscDoor door({io, desk, status, commands, [](const Origin&, std::uint32_t, std::uint32_t) { return true; },
                [] { return std::string(); }, [] {}},
               Config{});
  std::vector<DoorMetric> metrics;
  door.add_metrics(metrics);
  std::set<std::string_view> names;
  for (const DoorMetric& metric : metrics) {
    CAPTURE(metric.name);
    CHECK(names.insert(metric.name).second);
    CHECK(metric.name.starts_with("fohd_"));
    CHECK(metric.name.ends_with("_total") == (metric.type == "counter"));
    CHECK(metric.help.ends_with('.'));
    CHECK(metric.value == 0);
  }
  CHECK(names.size() == 19);
  CHECK(door.status() == "0 OSC subscribers");
}
