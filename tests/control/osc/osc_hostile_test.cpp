#include <catch2/catch.hpp>

#include <memory>
#include <random>

#include "tests/control/osc/osc_harness.h"

using namespace fohd;
using namespace fohd::osc_test;
using Catch::Contains;

namespace {

/// A copy at the very end of its own heap block, so that AddressSanitizer sees one byte read too many.
struct Exact {
  explicit Exact(const Bytes& bytes) : data(std::make_unique<std::byte[]>(bytes.size())), size(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), data.get());
  }
  std::span<const std::byte> span() const { return {data.get(), size}; }
  std::unique_ptr<std::byte[]> data;
  std::size_t size;
};

std::vector<Value> whole_desk(const Desk& desk) {
  std::vector<Value> all;
  for (ParameterId id = 0; id < desk.table().size(); ++id) all.push_back(desk.get(id));
  return all;
}

/// The reason in the last /error, or "" if the packet was taken.
std::string refusal(World& w, const Bytes& packet) {
  static ClientId client = 1000;  // a fresh quota for each
  w.now_ms += 100;
  const Exact exact(packet);
  w.server.receive(++client, exact.span(), w.now_ms, kNtpNow);
  w.collect();
  const auto answers = w.messages(client);
  return answers.empty() ? "" : answers.back().s(1);
}

Bytes raw(const std::string& text) {
  Bytes out;
  put(out, text.data(), text.size());
  return out;
}

}  // namespace

TEST_CASE("osc: a packet cut off anywhere is refused whole", "[control][osc]") {
  World w;
  const Bytes inner = bundle({message("/ch/1/fader", {-9.0f}), message("/ch/2/name", {std::string("Bass DI")}),
                              message("/ch/3/fader", {-9.0}), message("/ch/1/color", {std::int64_t{3}})});
  const Bytes whole = bundle({inner});
  const std::vector<Value> before = whole_desk(w.desk);
  bool untouched = true;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    if (size == 16) continue;  // a bundle of nothing is whole
    CHECK(!refusal(w, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))).empty());
    untouched = untouched && whole_desk(w.desk) == before;
  }
  const Bytes single = message("/ch/1/fader", {-9.0f});
  for (std::size_t size = 0; size < single.size(); ++size) {
    CAPTURE(size);
    if (size == 12) continue;  // an address and nothing else: a get
    CHECK(!refusal(w, Bytes(single.begin(), single.begin() + static_cast<std::ptrdiff_t>(size))).empty());
    untouched = untouched && whole_desk(w.desk) == before;
  }
  CHECK(untouched);
  CHECK(refusal(w, whole).empty());
  CHECK(w.real("/ch/3/fader") == -9.0f);
}

TEST_CASE("osc: what is not OSC is refused with the reason", "[control][osc]") {
  World w;
  const std::vector<Value> before = whole_desk(w.desk);
  const auto with = [](Bytes bytes, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::byte>(value >> (24 - 8 * i) & 0xff);
    return bytes;
  };
  const Bytes set = message("/ch/1/fader", {-9.0f});
  const Bytes blob = message("/ch/1/name", {Blob(6, std::byte{7})});
  const Bytes boxed = bundle({set});
  struct Case {
    Bytes packet;
    std::string reason;
  };
  const std::size_t blob_size_at = 12 + 4;
  const Case cases[] = {
      {raw("hello world!"), "neither"},
      {raw("/abc"), "not terminated"},
      {raw(std::string("/ab\0,\0\0\0\0\0\0\0", 12)), "left after"},
      {raw(std::string("/ab\0,i\0x\0\0\0\1", 12)), "type tags are not terminated"},
      {raw(std::string("/a\0x", 4)), "address is not terminated"},
      {raw(std::string("/a b\0\0\0\0", 8)), "space"},
      {raw(std::string("/a\x7f\0", 4)), "ASCII"},
      {raw("/" + std::string(299, 'a') + std::string(4, '\0')), "255"},
      {raw(std::string("/ab\0ab\0\0", 8)), "','"},
      {raw(std::string("/ab\0,i\0\0", 8)), "cut off"},
      {raw(std::string("/ab\0,h\0\0\0\0\0\0", 12)), "cut off"},
      {raw(std::string("/ab\0,s\0\0abcd", 12)), "string argument"},
      {raw(std::string("/ab\0,s\0\0", 8)), "string argument"},
      {raw(std::string("/ab\0,b\0\0", 8)), "blob ends"},
      {raw(std::string("/ab\0,q\0\0", 8)), "unknown type tag"},
      {raw(std::string("/ab\0,[i]\0\0\0\0\0\0\0\1", 16)), "unknown type tag"},
      {raw("/ab" + std::string(1, '\0') + "," + std::string(66, 'T') + '\0'), "64"},
      {with(blob, blob_size_at, 0xffffffff), "longer"},
      {with(blob, blob_size_at, 0x80000000), "longer"},
      {with(blob, blob_size_at, 0x7fffffff), "longer"},
      {with(blob, blob_size_at, 9), "longer"},
      {with(blob, blob_size_at, 3), "padded"},
      {with(boxed, 16, 0), "zero"},
      {with(boxed, 16, 3), "multiple of 4"},
      {with(boxed, 16, 0xffffffff), "longer than its bundle"},
      {with(boxed, 16, 0xfffffffc), "longer than its bundle"},
      {with(boxed, 16, static_cast<std::uint32_t>(set.size() + 4)), "longer than its bundle"},
      {with(boxed, 16, static_cast<std::uint32_t>(set.size() - 4)), ""},
      {with(boxed, 4, 0), "header"},
      {Bytes(65512), "longer than a datagram"},
      {Bytes(4), "neither"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.reason, c.packet.size());
    const std::string reason = refusal(w, c.packet);
    CHECK_THAT(reason, Contains(c.reason));
    CHECK(!reason.empty());
  }
  CHECK((whole_desk(w.desk) == before));
  CHECK(w.server.counters().malformed == std::size(cases));
}

TEST_CASE("osc: three thousand bundles in one another cost nothing", "[control][osc]") {
  World w;
  Bytes packet = message("/ch/1/fader", {-3.0f});
  while (packet.size() < 60000) packet = bundle({packet});
  CHECK_THAT(refusal(w, packet), Contains("nested"));
}

TEST_CASE("osc: a packet of patterns cannot grow without limit", "[control][osc]") {
  World w({.inputs = 128, .buses = 64});
  std::vector<Bytes> sets(1500, message("/ch/*/send/*/on", {std::int32_t{0}}));
  CHECK_THAT(refusal(w, bundle(sets)), Contains("32768"));
  CHECK(w.whole("/ch/1/send/1/on") == 1);
  w.now_ms += 5000;
  sets.resize(4);
  CHECK(refusal(w, bundle(sets)).empty());
  CHECK(w.whole("/ch/1/send/1/on") == 0);
  w.now_ms += 5000;
  // Nested choices with many ways to fail, on every segment.
  const std::string twisted = "{,,c,h,ch}*{,,c,h,ch}*[!x]*";
  for (int i = 0; i < 200; ++i) refusal(w, message("/*/" + twisted + "/" + twisted + "/" + twisted, {1.0f}));
}

TEST_CASE("osc: a thousand strangers cost a bounded memory of them", "[control][osc]") {
  World w;
  std::size_t told = 0;
  for (ClientId client = 1; client <= 20000; ++client) told += w.ask(client, message("/nonsense")).size();
  CHECK(told <= 200);  // forged senders cannot make more errors than that in a second
  w.now_ms += 2000;
  CHECK(w.ask(30000, message("/nonsense")).size() == 1);
}

namespace {

/// Packets that are right, as seeds for ones that are nearly right.
std::vector<Bytes> seeds() {
  std::vector<Bytes> all = {message("/ch/1/fader", {-6.0f}),
                            message("/ch/1/fader"),
                            message("/ch/2/name", {std::string("Keys left")}),
                            message("/ch/{1,2}/mute", {std::int32_t{1}}),
                            message("/ch/*/send/*/on", {false}),
                            message("/ch/[1-3]/pan"),
                            message("/ch/1/eq/1/type", {std::string("bell")}),
                            message("/bus/1/fader", {-3.5}),
                            message("/info"),
                            message("/ch/1/trim", {std::int64_t{3}}),
                            message("/subscribe", {std::string("/ch"), std::int32_t{20}, std::string("echo")}),
                            message("/meters", {std::int32_t{0}, std::int32_t{20}}),
                            message("/meters", {std::int32_t{0}}),
                            message("/resync"),
                            message("/unsubscribe"),
                            message("/renew"),
                            message("/counters"),
                            message("/clips/clear"),
                            message("/ch/1/link", {true}),
                            message("/ch/1/icon", {Blob(12, std::byte{1})})};
  const std::size_t singles = all.size();
  for (std::size_t i = 0; i + 3 < singles; ++i)
    all.push_back(bundle({all[i], bundle({all[i + 1], all[i + 2]}), all[i + 3]}));
  return all;
}

void mutate(Bytes& packet, std::mt19937& random) {
  const auto at = [&] { return packet.empty() ? 0 : random() % packet.size(); };
  for (unsigned n = random() % 4; n > 0 && !packet.empty(); --n) {
    switch (random() % 7) {
      case 0:
        packet[at()] = static_cast<std::byte>(random());
        break;
      case 1:
        packet[at()] ^= static_cast<std::byte>(1u << random() % 8);
        break;
      case 2:
        packet.resize(at());
        break;
      case 3:
        packet.resize(packet.size() + 4 * (random() % 4));
        break;
      case 4:
        packet[at()] = std::byte{0};
        break;
      case 5:
        packet[at()] = static_cast<std::byte>("/*?[]{},!-#ifsbTh"[random() % 17]);
        break;
      default: {  // a size, or any number, replaced by an extreme one
        const std::uint32_t extremes[] = {0,          1,          4,          0x7fffffff, 0x80000000,
                                          0xffffffff, 0xfffffffc, 0x7fc00000, 0xff800000};
        const std::uint32_t value = extremes[random() % std::size(extremes)];
        const std::size_t word = at() / 4 * 4;
        for (std::size_t i = 0; i < 4 && word + i < packet.size(); ++i)
          packet[word + i] = static_cast<std::byte>(value >> (24 - 8 * i) & 0xff);
      }
    }
  }
}

}  // namespace

TEST_CASE("osc: a million mutated packets neither stop the desk nor put it into a state that cannot be",
          "[control][osc]") {
  World w({.inputs = 4, .buses = 4});
  const std::vector<Bytes> right = seeds();
  std::mt19937 random(20240607);
  Bytes packet;
  std::uint64_t bytes_out = 0;
  MeterFrame frame(w.desk.geometry());
  const auto swallow = [&](const OutgoingPacket& out) {
    bytes_out += out.bytes.size();
    return out.bytes.size() <= kMaxDatagramBytes && out.bytes.size() % 4 == 0;
  };
  for (int i = 0; i < 1'000'000; ++i) {
    packet = right[random() % right.size()];
    mutate(packet, random);
    if (i % 50 == 0) {
      packet.resize(random() % 256);
      for (std::byte& b : packet) b = static_cast<std::byte>(random());
    }
    w.server.receive(1 + random() % 100, packet, w.now_ms, kNtpNow);
    if (i % 16 == 0) {
      w.now_ms += 2;
      w.server.tick(w.now_ms);
      if (i % 160 == 0) w.server.meters(frame, w.now_ms);
      w.server.drain(swallow);
    }
  }
  CHECK(bytes_out > 0);
  CHECK(w.server.counters().packets == 1'000'000);
  CHECK(w.server.counters().malformed > 100'000);
  CHECK(w.server.counters().sets > 10'000);
  CHECK(w.server.subscriber_count() <= 64);
  for (ParameterId id = 0; id < w.desk.table().size(); ++id) {
    std::string error;
    const Value value = w.desk.get(id);
    CAPTURE(w.desk.table()[id].address);
    const auto fitting = w.desk.table().coerce(id, value, error);
    REQUIRE(fitting);
    REQUIRE(*fitting == value);  // inside its range, a number, valid text
  }
  w.now_ms += 100'000;
  w.server.tick(w.now_ms);
  w.server.drain([](const OutgoingPacket&) { return true; });
  w.inbox.clear();
  w.send(200, message("/ch/1/fader", {-6.0f}));
  CHECK(w.ask(200, message("/ch/1/fader")).at(0).f() == -6.0f);
}

TEST_CASE("osc: a flood of refused subscriptions keeps nobody out for longer than a second", "[control][osc]") {
  World w({.inputs = 32, .buses = 12});
  w.send(1, message("/subscribe", {std::string("/ch/1"), std::int32_t{60}}));
  w.run(2000);
  // 16 filters that match nothing, from strangers: each costs a walk and takes no place.
  std::vector<Argument> filters(16, std::string("/none"));
  for (ClientId stranger = 100; stranger < 20'100; ++stranger) w.send(stranger, message("/subscribe", filters));
  w.inbox.clear();
  // The subscriber's patterns and its own subscription are as before, in the same millisecond.
  CHECK(w.ask(1, message("/ch/*/mute")).size() == 32);
  CHECK(w.ask(1, message("/subscribe", {std::string("/ch/2")})).at(0).address == "/subscribed");
  // A new client comes in as soon as what was charged is paid back.
  w.now_ms += 1100;
  CHECK(w.ask(2, message("/subscribe", {std::string("/ch/3")})).at(0).address == "/subscribed");
}
