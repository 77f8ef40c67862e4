// Stereo links against a second desk that knows the rules by address: slow, and written from docs/DESK.md, "Stereo
// links" alone.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

/// "/ch/3/send/2/on" in parts: kind "ch", strip 3, rest "send/2/on".
struct Address {
  std::string kind, rest;
  int strip = 0;
};

Address parse(const std::string& text) {
  const std::size_t slash = text.find('/', 1);
  Address a{text.substr(1, slash - 1), "", 0};
  if (a.kind != "ch" && a.kind != "bus" && a.kind != "fxrtn") return a;
  const std::size_t second = text.find('/', slash + 1);
  a.strip = std::stoi(text.substr(slash + 1));
  a.rest = text.substr(second + 1);
  return a;
}

/// What is below a strip and moves with its partner (docs/DESK.md, "Stereo links"), and
/// what never does. An entry that ends in '/' stands for all below it. Both are lists, so that a new row is in neither
/// until somebody decides.
constexpr std::array<std::string_view, 9> kFollows = {
    "eq/", "gate/", "comp/", "send/", "fader", "mute",
    // A linked pair is one stereo source, which would lean to one side with two low cuts or with
    // only one half in main.
    "lowcut/", "main/on",
    // The balance of the pair, always the same on both; linking and unlinking set it themselves (Desk::set_link).
    "pan"};
/// `link` is the switch of both halves, not something that is copied.
constexpr std::array<std::string_view, 9> kNever = {"name", "delay/",   "color", "icon", "source",
                                                    "trim", "polarity", "out/",  "link"};

template <std::size_t n>
bool in(const std::array<std::string_view, n>& list, std::string_view rest) {
  return std::any_of(list.begin(), list.end(), [rest](std::string_view entry) {
    return entry.ends_with('/') ? rest.starts_with(entry) : rest == entry;
  });
}

/// The rules of docs/DESK.md, "Stereo links" on a map from address to value.
class ModelDesk {
 public:
  ModelDesk(const Desk& desk)
      : counts_{{"ch", desk.geometry().inputs}, {"bus", desk.geometry().buses}, {"fxrtn", desk.geometry().returns}} {
    for (ParameterId id = 0; id < desk.table().size(); ++id) values_[desk.table()[id].address] = desk.get(id);
  }

  void set(const std::string& address, const Value& value) {
    const Address a = parse(address);
    if (a.rest == "link") return link(a, value);
    std::set<std::string> together{address};
    if (a.strip != 0 && linked(a.kind, a.strip) && in(kFollows, a.rest)) together.insert(partner(a));
    for (const std::string& one : std::set<std::string>(together)) {
      const Address b = parse(one);
      if (!b.rest.starts_with("send/")) continue;
      const int bus = std::stoi(b.rest.substr(5));
      if (linked("bus", bus)) together.insert(send(b.kind, b.strip, other(bus), b.rest.substr(b.rest.rfind('/') + 1)));
    }
    for (const std::string& one : together) values_[one] = value;
  }
  const std::map<std::string, Value>& values() const { return values_; }

 private:
  static int other(int strip) { return strip % 2 == 1 ? strip + 1 : strip - 1; }
  static std::string partner(const Address& a) {
    return "/" + a.kind + "/" + std::to_string(other(a.strip)) + "/" + a.rest;
  }
  static std::string send(const std::string& kind, int strip, int bus, const std::string& what) {
    return "/" + kind + "/" + std::to_string(strip) + "/send/" + std::to_string(bus) + "/" + what;
  }
  bool linked(const std::string& kind, int strip) const {
    return std::get<std::int32_t>(values_.at("/" + kind + "/" + std::to_string(strip) + "/link")) != 0;
  }

  void link(const Address& a, const Value& value) {
    if (other(a.strip) > counts_.at(a.kind)) return;  // nobody to pair with
    const bool was = linked(a.kind, a.strip), is = std::get<std::int32_t>(value) != 0;
    const std::string odd = "/" + a.kind + "/" + std::to_string(a.strip - (a.strip % 2 == 0 ? 1 : 0)) + "/";
    const std::string even = "/" + a.kind + "/" + std::to_string(a.strip + a.strip % 2) + "/";
    values_[odd + "link"] = values_[even + "link"] = value;
    if (was == is) return;
    for (auto& [address, content] : values_) {
      if (!address.starts_with(odd)) continue;
      const std::string rest = address.substr(odd.size());
      if (rest == "pan" || rest.ends_with("/pan")) {
        content = is ? 0.0f : -100.0f;
        values_[even + rest] = is ? 0.0f : 100.0f;
      } else if (is && in(kFollows, rest)) {
        values_[even + rest] = content;
      }
    }
    if (!is || a.kind != "bus") return;
    const int left = a.strip % 2 == 1 ? a.strip : a.strip - 1;
    for (const std::string kind : {"ch", "fxrtn"}) {
      for (int strip = 1; strip <= counts_.at(kind); ++strip) {
        for (const char* what : {"on", "level", "pan", "tap"}) {
          values_[send(kind, strip, left + 1, what)] = values_[send(kind, strip, left, what)];
        }
      }
    }
  }

  std::map<std::string, int> counts_;  ///< by kind
  std::map<std::string, Value> values_;
};

/// Links come often, or no two sequences would meet.
Change change_with_links(const Desk& desk, std::mt19937& random) {
  if (random() % 4 != 0) return random_change(desk.table(), random);
  const auto which = random() % 3;
  const std::string kind = which == 0 ? "/ch/" : which == 1 ? "/bus/" : "/fxrtn/";
  const int count = which == 0 ? desk.geometry().inputs : which == 1 ? desk.geometry().buses : desk.geometry().returns;
  const std::string address =
      kind + std::to_string(1 + static_cast<int>(random() % static_cast<unsigned>(count))) + "/link";
  return {*desk.table().find(address), static_cast<std::int32_t>(random() % 2)};
}

}  // namespace

TEST_CASE("links: every row of a strip is in exactly one list, of what follows a link or of what never does",
          "[control][desk]") {
  const Desk desk(Geometry{.inputs = 2, .returns = 4, .buses = 2});
  std::set<std::string_view> unused(kFollows.begin(), kFollows.end());
  unused.insert(kNever.begin(), kNever.end());
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    const Parameter& p = desk.table()[id];
    const Address a = parse(p.address);
    if (a.strip == 0) continue;
    const bool follows = in(kFollows, a.rest), never = in(kNever, a.rest);
    if (!follows && !never) {
      FAIL_CHECK(p.address << " is new here: does it follow a stereo link (docs/DESK.md)? Put it into kFollows or "
                              "kNever of tests/control/desk/link_test.cpp");
    }
    if (follows && never) FAIL_CHECK(p.address << " is in both lists");
    if (p.row->linked != follows)
      FAIL_CHECK(p.address << (follows ? " must follow a link" : " must not follow a link"));
    std::erase_if(unused, [&](std::string_view entry) { return in(std::array{entry}, a.rest); });
  }
  for (const std::string_view entry : unused) FAIL_CHECK(entry << " names no row");
}

TEST_CASE("links: any sequence of changes leaves what the rules by address leave", "[control][desk]") {
  Desk desk(Geometry{.inputs = 5, .returns = 4, .buses = 5});
  ModelDesk model(desk);
  std::mt19937 random(1);
  for (int i = 0; i < 4000; ++i) {
    const Change change = change_with_links(desk, random);
    const std::string& address = desk.table()[change.id].address;
    CAPTURE(i, address);
    std::string error;
    REQUIRE(desk.apply({}, {&change, 1}, error));
    model.set(address, change.value);
    for (ParameterId id = 0; id < desk.table().size(); ++id) {
      const std::string& other = desk.table()[id].address;
      if (desk.get(id) != model.values().at(other)) FAIL(other << " differs");
    }
  }
}

TEST_CASE("links: both halves of a linked pair are always equal in what follows the link", "[control][desk]") {
  Desk desk(Geometry{.inputs = 6, .returns = 4, .buses = 6});
  std::mt19937 random(2);
  int linked_seen = 0;
  for (int i = 0; i < 1000; ++i) {
    std::vector<Change> changes;
    for (int n = 0; n < 5; ++n) changes.push_back(change_with_links(desk, random));
    std::string error;
    REQUIRE(desk.apply({}, changes, error));
    for (ParameterId id = 0; id < desk.table().size(); ++id) {
      const Parameter& p = desk.table()[id];
      const Address a = parse(p.address);
      if (a.strip == 0) continue;
      const std::string link = "/" + a.kind + "/" + std::to_string(a.strip) + "/link";
      if (desk.get(*desk.table().find(link)) == Value(0) || !p.row->linked) continue;
      ++linked_seen;
      if (desk.get(id) != desk.get(p.partner)) FAIL(p.address << " differs from its partner");
    }
  }
  CHECK(linked_seen > 10000);
}

TEST_CASE("desk: observers are told of every change and of nothing else, whatever came by which rule",
          "[control][desk]") {
  Desk desk(Geometry{.inputs = 4, .returns = 4, .buses = 4});
  Observer observer, gone;
  desk.attach(observer);
  desk.attach(gone);
  desk.detach(gone);
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::vector<Value> before;
    for (ParameterId id = 0; id < desk.table().size(); ++id) before.push_back(desk.get(id));
    const Change change = change_with_links(desk, random);
    std::vector<ParameterId> echo;
    std::string error;
    const Origin origin{Origin::Side::osc, static_cast<std::uint64_t>(i + 1)};
    REQUIRE(desk.apply(origin, {&change, 1}, error, &echo));
    REQUIRE(std::find(echo.begin(), echo.end(), change.id) != echo.end());
    for (ParameterId id = 0; id < desk.table().size(); ++id) {
      const bool changed = desk.get(id) != before[id];
      if (observer.dirty.contains(id) != changed) FAIL(desk.table()[id].address);
      if (changed) {
        REQUIRE(desk.last_origin(id).client == origin.client);
        REQUIRE(std::find(echo.begin(), echo.end(), id) != echo.end());
      }
    }
    observer.dirty.clear();
  }
  CHECK(gone.dirty.empty());
}

TEST_CASE("desk: a bundle with one bad value changes nothing", "[control][desk]") {
  Desk desk(Geometry{.inputs = 4, .returns = 4, .buses = 4});
  Observer observer;
  desk.attach(observer);
  std::mt19937 random(4);
  for (int i = 0; i < 500; ++i) {
    std::vector<Change> changes;
    for (int n = 0; n < 8; ++n) changes.push_back(change_with_links(desk, random));
    changes[random() % changes.size()].value = std::numeric_limits<float>::quiet_NaN();
    std::string error;
    REQUIRE_FALSE(desk.apply({}, changes, error));
    REQUIRE(error.ends_with("got nan"));
    REQUIRE(observer.dirty.empty());
  }
  for (ParameterId id = 0; id < desk.table().size(); ++id) REQUIRE(desk.get(id) == desk.table().default_value(id));
}
