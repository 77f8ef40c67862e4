#include "control/access/access_book.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace fohd;

namespace {

constexpr Origin kOsc{Origin::Side::osc, 1};

std::uint32_t address(const char* text) {
  const auto network = parse_network(text);
  REQUIRE(network);
  return network->address;
}

Rights rights(AccessBook& book, const char* from, const char* interface = "eth0", std::int64_t now_ms = 0) {
  book.hear(kOsc, address(from), interface, now_ms);
  return book.rights_of(kOsc);
}

AccessConfig approved_only(Role strangers = Role::viewer) {
  AccessConfig config;
  config.trust = Trust::approved;
  config.strangers = strangers;
  return config;
}

AccessRule rule(const char* network, const char* interface, const char* text) {
  AccessRule one;
  if (*network != '\0') one.network = parse_network(network);
  one.interface = interface;
  one.rights = *parse_rights(text);
  return one;
}

}  // namespace

TEST_CASE("access: an address or a network is read, anything else not", "[control][access]") {
  CHECK(address_text(address("192.168.1.20")) == "192.168.1.20");
  CHECK(parse_network("10.0.0.0/8")->contains(address("10.255.1.2")));
  CHECK_FALSE(parse_network("10.0.0.0/8")->contains(address("11.0.0.0")));
  CHECK(parse_network("0.0.0.0/0")->contains(address("203.0.113.5")));
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1", "a.b.c.d",
                           "1..2.3", "1.2.3.4 ", "0001.2.3.4", "1.2.3.+4"}) {
    INFO(text);
    CHECK_FALSE(parse_network(text));
  }
}

TEST_CASE("access: with trust in the LAN private networks are engineers, the world is not heard", "[control][access]") {
  AccessBook book;
  for (const char* from : {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.9.9"}) {
    INFO(from);
    CHECK(rights(book, from) == Rights{Role::engineer});
  }
  for (const char* from :
       {"8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "11.0.0.1", "126.0.0.1", "203.0.113.5"}) {
    INFO(from);
    CHECK(rights(book, from) == Rights{Role::refused});
  }
  CHECK(rights(book, "127.0.0.1", "lo") == Rights{});
  CHECK(rights(book, "192.168.0.1", "lo") == Rights{});          // this machine's own address
  CHECK(AccessBook().rights_of(kOsc) == Rights{Role::refused});  // nobody has come yet
  CHECK(AccessBook().rights_of({Origin::Side::desk, 0}) == Rights{});
}

TEST_CASE("access: with approvals only, others look or are not heard", "[control][access]") {
  AccessBook book(approved_only());
  CHECK(rights(book, "127.0.0.1", "lo") == Rights{});
  CHECK(rights(book, "192.168.1.20") == Rights{Role::viewer});
  CHECK(rights(book, "203.0.113.5") == Rights{Role::refused});
  CHECK(book.approve("192.168.1.20", "monitor 2").empty());
  CHECK(rights(book, "192.168.1.20") == *parse_rights("monitor 2"));
  CHECK(rights(book, "192.168.1.21") == Rights{Role::viewer});
  CHECK(book.approve("192.168.1.20", "engineer").empty());
  CHECK(rights(book, "192.168.1.20") == Rights{});
  CHECK(book.approvals() == std::vector<Approval>{{address("192.168.1.20"), {}}});
  CHECK(book.revoke("192.168.1.20").empty());
  CHECK(rights(book, "192.168.1.20") == Rights{Role::viewer});
  CHECK_FALSE(book.revoke("192.168.1.20").empty());
  for (const char* text : {"boss", "refused", "monitor", ""}) CHECK_FALSE(book.approve("192.168.1.20", text).empty());
  CHECK_FALSE(book.approve("192.168.1.0/24", "engineer").empty());

  book.configure(approved_only(Role::refused));
  CHECK(rights(book, "192.168.1.20") == Rights{Role::refused});
  CHECK(rights(book, "127.0.0.1", "lo") == Rights{});
}

TEST_CASE("access: the first rule that fits counts, a ban above all else", "[control][access]") {
  AccessConfig config;
  config.trust = Trust::approved;
  config.rules = {rule("192.168.1.66", "", "refused"), rule("192.168.1.0/24", "wlan0", "viewer"),
                  rule("", "eth1", "engineer"), rule("192.168.1.0/24", "", "monitor 4")};
  AccessBook book(config);
  CHECK(rights(book, "192.168.1.5", "wlan0") == Rights{Role::viewer});
  CHECK(rights(book, "192.168.1.5", "eth1") == Rights{});
  CHECK(rights(book, "192.168.1.5", "eth0") == *parse_rights("monitor 4"));
  CHECK(rights(book, "10.0.0.1", "eth0") == Rights{Role::viewer});
  CHECK(rights(book, "203.0.113.5", "eth1") == Rights{});  // a rule may let the world in
  CHECK(book.approve("192.168.1.66", "engineer").empty());
  CHECK(rights(book, "192.168.1.66", "eth1") == Rights{Role::refused});
  CHECK(book.role_of(kOsc, address("192.168.1.5")) == Role::refused);  // as it was heard last, from the banned address
  // The same address through another interface is somebody else's packet.
  CHECK(book.approve("192.168.1.7", "engineer").empty());
  CHECK(rights(book, "192.168.1.7", "wlan0") == Rights{});
}

TEST_CASE("access: a key gives its rights, and wrong ones run out", "[control][access]") {
  AccessConfig config;
  config.trust = Trust::approved;
  config.keys = {{"drums", "paradiddle", *parse_rights("monitor 3")}, {"foh", "open sesame!", {}}};
  AccessBook book(config);
  CHECK(rights(book, "192.168.1.20") == Rights{Role::viewer});
  CHECK(book.login(kOsc, "paradiddle", 0).empty());
  CHECK(book.rights_of(kOsc) == *parse_rights("monitor 3"));
  CHECK(rights(book, "192.168.1.21") == Rights{Role::viewer});
  CHECK(rights(book, "192.168.1.20") == *parse_rights("monitor 3"));
  CHECK(book.logout(kOsc).empty());
  CHECK(book.rights_of(kOsc) == Rights{Role::viewer});

  CHECK_FALSE(book.login({Origin::Side::midi, 1}, "paradiddle", 50).empty());
  CHECK_FALSE(book.logout({Origin::Side::midi, 1}).empty());
  for (const char* wrong : {"", "paradiddl", "paradiddle ", "PARADIDDLE", "open sesame?"}) {
    CHECK(book.login(kOsc, wrong, 100) == "this is not a key of this desk");
  }
  CHECK(book.login(kOsc, "paradiddle", 200) == "too many wrong keys; wait a minute");
  CHECK(book.rights_of(kOsc) == Rights{Role::viewer});
  rights(book, "192.168.1.22");
  CHECK(book.login(kOsc, "open sesame!", 300).empty());  // another machine is not touched by it
  rights(book, "192.168.1.20");
  CHECK(book.login(kOsc, "paradiddle", 60'001).empty());

  // All addresses together: whoever forges them does not get more than 20 tries a minute.
  int tried = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    book.hear(kOsc, address("192.168.2.0") + i, "eth0", 120'100);
    if (book.login(kOsc, "guess", 130'000) == "this is not a key of this desk") ++tried;
  }
  CHECK(tried == 20);
  rights(book, "192.168.1.20");
  CHECK(book.login(kOsc, "paradiddle", 140'000).empty());  // who had a right key before is not locked out by forgers

  // A key that changed ends the logins with it; one that stayed does not.
  CHECK(rights(book, "192.168.1.22") == Rights{});
  config.keys[0].key = "paradiddle-diddle";
  book.configure(config);
  CHECK(rights(book, "192.168.1.20") == Rights{Role::viewer});
  CHECK(rights(book, "192.168.1.22") == Rights{});
}

TEST_CASE("access: rights belong to a client, whoever speaks meanwhile", "[control][access]") {
  AccessConfig config = approved_only();
  config.rules = {rule("192.168.1.0/24", "eth1", "monitor 4")};
  AccessBook book(config);
  const Origin drummer{Origin::Side::osc, 1}, guest{Origin::Side::osc, 2}, page{Origin::Side::web, 1};
  book.hear(drummer, address("192.168.1.5"), "eth1", 0);
  book.hear(guest, address("192.168.1.5"), "wlan0", 0);
  book.hear(page, address("127.0.0.1"), "lo", 0);
  CHECK(book.rights_of(drummer) == *parse_rights("monitor 4"));
  CHECK(book.rights_of(guest) == Rights{Role::viewer});
  CHECK(book.rights_of(page) == Rights{});
  CHECK(book.rights_of({Origin::Side::x32, 1}) == Rights{Role::refused});  // the same number at another door
  CHECK(book.place_of(drummer) == "192.168.1.5 on eth1");

  // What changes counts at once, for all, without another packet of theirs.
  CHECK(book.approve("192.168.1.5", "engineer").empty());
  CHECK(book.rights_of(drummer) == Rights{});
  CHECK(book.rights_of(guest) == Rights{});
  CHECK(book.revoke("192.168.1.5").empty());
  CHECK(book.rights_of(drummer) == *parse_rights("monitor 4"));
  CHECK(book.role_of(guest, address("192.168.1.5")) == Role::viewer);

  // Who is silent while many forged clients speak is forgotten, has no rights, and is judged by its address where
  // somebody else must judge; its next packet brings all back.
  for (std::uint64_t n = 0; n < 5000; ++n) book.hear({Origin::Side::osc, 100 + n}, address("10.0.0.1"), "eth0", 1);
  CHECK(book.rights_of(drummer) == Rights{Role::refused});
  CHECK(book.role_of(drummer, address("192.168.1.5")) == Role::viewer);
  CHECK(book.role_of(drummer, address("203.0.113.5")) == Role::refused);
  CHECK(book.hear(drummer, address("192.168.1.5"), "eth1", 2) == Role::monitor);
  CHECK(book.rights_of(drummer) == *parse_rights("monitor 4"));
  // Who speaks now and then is not forgotten.
  for (std::uint64_t n = 0; n < 5000; ++n) {
    book.hear({Origin::Side::osc, 10'000 + n}, address("10.0.0.1"), "eth0", 3);
    if (n % 400 == 0) book.hear(drummer, address("192.168.1.5"), "eth1", 3);
  }
  CHECK(book.rights_of(drummer) == *parse_rights("monitor 4"));
}

TEST_CASE("access: what comes with an engineer's address through another interface is not that engineer",
          "[control][access]") {
  AccessConfig config = approved_only();
  config.keys = {{"foh", "open sesame!", {}}, {"drums", "paradiddle", *parse_rights("monitor 3")}};
  AccessBook book(config);
  // A door gives the two different numbers (UdpPort::Client).
  const Origin engineer{Origin::Side::osc, 1}, forged{Origin::Side::osc, 2};
  const auto both_speak = [&](std::int64_t now_ms) {
    book.hear(engineer, address("10.0.5.9"), "eth1", now_ms);
    book.hear(forged, address("10.0.5.9"), "wlan0", now_ms);
  };
  both_speak(0);
  CHECK(book.login(engineer, "open sesame!", 10).empty());
  CHECK(book.rights_of(engineer) == Rights{});
  CHECK(book.rights_of(forged) == Rights{Role::viewer});  // neither with its login
  CHECK(book.logout(forged).empty());
  both_speak(20);
  CHECK(book.rights_of(engineer) == Rights{});  // nor can it end that
  CHECK(book.login(forged, "paradiddle", 30).empty());
  CHECK(book.rights_of(engineer) == Rights{});  // nor put another key in its place
  CHECK(book.rights_of(forged) == *parse_rights("monitor 3"));
  CHECK(book.logout(forged).empty());
  // Nor use up its tries.
  AccessBook fresh(config);
  fresh.hear(engineer, address("10.0.5.9"), "eth1", 0);
  fresh.hear(forged, address("10.0.5.9"), "wlan0", 0);
  for (int i = 0; i < 50; ++i) CHECK_FALSE(fresh.login(forged, "guess", 0).empty());
  CHECK(fresh.login(engineer, "open sesame!", 0).empty());
  // The list shows both.
  std::string all;
  for (const std::string& line : book.list(40)) all += line + "\n";
  CHECK(all.find("heard: 10.0.5.9 on eth1: engineer\n") != std::string::npos);
  CHECK(all.find("heard: 10.0.5.9 on wlan0: viewer\n") != std::string::npos);
  CHECK(all.find("logged in: 10.0.5.9 on eth1 with the key foh\n") != std::string::npos);
  // Revoking an address ends it on all interfaces.
  CHECK(book.revoke("10.0.5.9").empty());
  CHECK(book.rights_of(engineer) == Rights{Role::viewer});
}

TEST_CASE("access: an address that this machine reaches elsewhere has only the rights of a rule for the interface",
          "[control][access]") {
  // The stage's network lies behind eth1, the guests' behind wlan0.
  const auto strays = [](std::uint32_t from, std::string_view interface) {
    return parse_network("10.0.5.0/24")->contains(from) != (interface == "eth1");
  };
  AccessConfig config;
  config.trust = Trust::lan;
  AccessBook trusting(config, {}, strays);
  CHECK(rights(trusting, "10.0.5.9", "eth1") == Rights{});
  CHECK(rights(trusting, "10.0.5.9", "wlan0") == Rights{Role::refused});
  CHECK(rights(trusting, "192.168.7.9", "wlan0") == Rights{});

  config.trust = Trust::approved;
  config.rules = {rule("10.0.5.0/24", "", "engineer"), rule("192.168.7.0/24", "wlan0", "monitor 2"),
                  rule("10.0.5.66", "wlan0", "viewer")};
  AccessBook book(config, {}, strays);
  CHECK(rights(book, "10.0.5.9", "eth1") == Rights{});
  CHECK(rights(book, "10.0.5.9", "wlan0") == Rights{Role::refused});  // the first rule names no interface
  CHECK(rights(book, "10.0.5.66", "wlan0") == Rights{Role::viewer});  // this one does
  CHECK(rights(book, "192.168.7.9", "wlan0") == *parse_rights("monitor 2"));
  CHECK(book.approve("10.0.5.9", "engineer").empty());
  CHECK(rights(book, "10.0.5.9", "wlan0") == Rights{Role::refused});
  // A lease is judged without the routes, which may be gone for a moment; through wlan0 this address gets none.
  CHECK(book.role_of({Origin::Side::osc, 77}, address("10.0.5.9"), "wlan0") == Role::engineer);
  CHECK(book.role_of({Origin::Side::osc, 77}, address("10.0.5.9"), "eth1") == Role::engineer);
  // This machine's own address comes from it alone.
  CHECK(rights(book, "127.0.0.1", "lo") == Rights{});
  for (const char* interface : {"eth1", "wlan0"}) {
    CHECK(rights(book, "127.0.0.1", interface) == Rights{Role::refused});
    CHECK(rights(trusting, "127.0.0.1", interface) == Rights{Role::refused});
  }
}

TEST_CASE("access: a route that comes up later is found within a second", "[control][access]") {
  bool up = false;
  AccessBook book({}, {}, [&](std::uint32_t, std::string_view) { return !up; });
  CHECK(rights(book, "10.0.5.9", "eth1", 5000) == Rights{Role::refused});
  up = true;
  CHECK(rights(book, "10.0.5.9", "eth1", 6001) == Rights{});
  up = false;
  CHECK(rights(book, "10.0.5.9", "eth1", 7002) == Rights{Role::refused});
}

TEST_CASE("access: wrong keys are counted by machine and hide behind no success", "[control][access]") {
  AccessConfig config = approved_only();
  config.keys = {{"foh", "open sesame!", {}}};
  AccessBook book(config);
  const Origin engineer{Origin::Side::osc, 1}, guest{Origin::Side::osc, 2}, mistyped{Origin::Side::osc, 3};
  book.hear(engineer, address("192.168.1.20"), "eth0", 0);
  book.hear(guest, address("192.168.1.66"), "wlan0", 0);
  book.hear(mistyped, address("192.168.1.21"), "eth0", 0);
  CHECK(book.login(engineer, "open sesame!", 0).empty());
  CHECK_FALSE(book.login(mistyped, "open sesame?", 0).empty());
  for (int i = 0; i < 3002; ++i) CHECK_FALSE(book.login(guest, "guess", 0).empty());
  CHECK(book.take_logins() == std::vector<std::string>{"Login from 192.168.1.20 on eth0: engineer"});
  CHECK(book.take_wrong_keys() ==
        std::vector<std::string>{"1 wrong key from 192.168.1.21 on eth0",
                                 "3002 wrong keys from 192.168.1.66 on wlan0, 2997 of them not looked at, since there "
                                 "were too many in this minute"});
  CHECK(book.take_logins().empty());
  CHECK(book.take_wrong_keys().empty());
  CHECK(book.login_counts().logins == 1);
  CHECK(book.login_counts().wrong_keys == 3003);
  // In either order, and also where one machine does both.
  CHECK_FALSE(book.login(engineer, "open sesam", 0).empty());
  CHECK(book.login(engineer, "open sesame!", 0).empty());
  CHECK(book.login(engineer, "open sesame!", 0).empty());
  CHECK(book.take_wrong_keys() == std::vector<std::string>{"1 wrong key from 192.168.1.20 on eth0"});
  CHECK(book.take_logins() == std::vector<std::string>{"Login from 192.168.1.20 on eth0: engineer, 2 times"});
  // From however many addresses: a few lines, and every try in one of them.
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const Origin forged{Origin::Side::osc, 100 + i};
    book.hear(forged, address("10.1.0.0") + i, "wlan0", 0);
    CHECK_FALSE(book.login(forged, "guess", 0).empty());
  }
  const auto lines = book.take_wrong_keys();
  CHECK(lines.size() <= 17);
  int all = 0;
  for (const std::string& line : lines) all += std::stoi(line);
  CHECK(all == 5000);
  CHECK(std::any_of(lines.begin(), lines.end(), [](auto& line) { return line.find(" from others") != line.npos; }));
}

TEST_CASE("access: no key is ever told", "[control][access]") {
  AccessConfig config;
  config.keys = {{"foh", "open sesame!", {}}};
  AccessBook book(config);
  rights(book, "192.168.1.20");
  CHECK(book.login(kOsc, "open sesame!", 0).empty());
  CHECK(book.login(kOsc, "open sesam", 0).find("open") == std::string::npos);
  std::string all;
  for (const std::string& line : book.list(0)) all += line + "\n";
  for (const std::string& line : book.take_logins()) all += line + "\n";
  for (const std::string& line : book.take_wrong_keys()) all += line + "\n";
  CHECK(all.find("sesam") == std::string::npos);
  CHECK(all.find("key: foh: engineer") != std::string::npos);
  CHECK(all.find("logged in: 192.168.1.20 on eth0 with the key foh") != std::string::npos);
  CHECK(all.find("heard: 192.168.1.20 on eth0: engineer") != std::string::npos);
}

TEST_CASE("access: MIDI devices are engineers unless a rule names them", "[control][access]") {
  AccessConfig config;
  AccessRule drummer;
  drummer.midi = "nanoKONTROL*";
  drummer.rights = *parse_rights("monitor 3");
  config.rules = {drummer};
  AccessBook book(config);
  book.name_midi(1, "X-Touch");
  book.name_midi(2, "nanoKONTROL2 MIDI 1");
  CHECK(book.rights_of({Origin::Side::midi, 1}) == Rights{});
  CHECK(book.rights_of({Origin::Side::midi, 2}) == *parse_rights("monitor 3"));
  book.refused({Origin::Side::midi, 2}, "/main/fader");
  CHECK(book.take_refusals() == std::vector<std::string>{"nanoKONTROL2 MIDI 1 was refused /main/fader"});
}

TEST_CASE("access: what is remembered stays bounded, whatever addresses are forged", "[control][access]") {
  AccessBook book(approved_only());
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const Origin forged{Origin::Side::osc, random()};
    book.hear(forged, 0x0A000000u | (random() & 0xFFFFFFu), "eth0", i);
    book.refused(forged, "/main/fader");
  }
  CHECK(book.list(100'000).size() < 300);
  const auto lines = book.take_refusals();
  CHECK(lines.size() <= 17);
  CHECK(book.take_refusals().empty());
}

TEST_CASE("access: loopback, private and link-local sources are the local network, their neighbours are not",
          "[control][access]") {
  const auto heard = [](const char* text) { return is_local_network(address(text)); };
  for (const char* text : {"127.0.0.1", "127.255.255.255", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
                           "192.168.0.1", "192.168.255.255", "169.254.1.1"}) {
    CAPTURE(text);
    CHECK(heard(text));
  }
  for (const char* text : {"126.255.255.255", "128.0.0.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
                           "192.167.255.255", "192.169.0.0", "169.253.255.255", "169.255.0.0", "8.8.8.8", "0.0.0.0"}) {
    CAPTURE(text);
    CHECK_FALSE(heard(text));
  }
}

TEST_CASE("access: a logout of nobody, and a login that stands, make nobody's rights to be looked at again",
          "[control][access]") {
  AccessConfig config = approved_only();
  config.keys = {{"foh", "open sesame!", {}}};
  int asked = 0;
  AccessBook book(config, {}, [&](std::uint32_t, std::string_view) { return ++asked, false; });
  const Origin guest{Origin::Side::osc, 1}, engineer{Origin::Side::osc, 2};
  book.hear(guest, address("192.168.1.66"), "wlan0", 0);
  book.hear(engineer, address("192.168.1.20"), "eth0", 0);
  CHECK(book.login(engineer, "open sesame!", 0).empty());
  CHECK(book.rights_of(engineer) == Rights{});
  book.hear(engineer, address("192.168.1.20"), "eth0", 0);
  asked = 0;
  for (int n = 0; n < 1000; ++n) {
    CHECK(book.logout(guest).empty());
    CHECK(book.login(engineer, "open sesame!", 1).empty());
    CHECK(book.rights_of(engineer) == Rights{});
  }
  CHECK(asked == 0);
  CHECK(book.logout(engineer).empty());
  CHECK(book.rights_of(engineer) == Rights{Role::viewer});
}

TEST_CASE("access: a route that is gone for a moment ends nobody's lease", "[control][access]") {
  bool gone = false;
  AccessBook book({}, {}, [&](std::uint32_t, std::string_view) { return gone; });
  const Origin engineer{Origin::Side::osc, 2};
  book.hear(engineer, address("192.168.1.20"), "eth0", 0);
  gone = true;
  CHECK(book.hear(engineer, address("192.168.1.20"), "eth0", 2000) == Role::refused);  // its packets, meanwhile
  CHECK(book.role_of(engineer, address("192.168.1.20"), "eth0") == Role::engineer);    // its lease stays
  gone = false;
  CHECK(book.hear(engineer, address("192.168.1.20"), "eth0", 4000) == Role::engineer);
}
