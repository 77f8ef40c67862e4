#include "daemon/jack/connection_memory.h"

#include <catch2/catch.hpp>

using fohd::ConnectionMemory;
using fohd::PortPair;
using fohd::PortPairs;

namespace {
const PortPair kRule{"system:capture_1", "in_1"}, kByHand{"synth:out", "in_2"};
}

TEST_CASE("connections: rules and what somebody made by hand are wanted", "[daemon][jack]") {
  ConnectionMemory memory({kRule});
  memory.connected(kByHand);
  CHECK(memory.wanted() == PortPairs{kRule, kByHand});
  CHECK(memory.wanted_with("synth:out") == PortPairs{kByHand});
  CHECK(memory.wanted_with("in_1") == PortPairs{kRule});
}

TEST_CASE("connections: what a person takes away stays away", "[daemon][jack]") {
  ConnectionMemory memory({kRule});
  memory.disconnected(kRule, 1000);
  memory.settle(1000 + ConnectionMemory::kDoubtMs - 1);
  CHECK(memory.wanted() == PortPairs{kRule});  // could still be a port on its way out
  memory.settle(1000 + ConnectionMemory::kDoubtMs);
  CHECK(memory.wanted().empty());
}

TEST_CASE("connections: what a vanishing client takes away comes back with it", "[daemon][jack]") {
  ConnectionMemory memory({});
  memory.connected(kByHand);
  memory.disconnected(kByHand, 0);
  memory.port_vanished("synth:out");
  memory.settle(1'000'000);
  CHECK(memory.wanted_with("synth:out") == PortPairs{kByHand});
}

TEST_CASE("connections: what a dying server takes away comes back", "[daemon][jack]") {
  ConnectionMemory memory({kRule});
  memory.disconnected(kRule, 0);
  memory.server_vanished();
  memory.settle(1'000'000);
  CHECK(memory.wanted() == PortPairs{kRule});
}

TEST_CASE("connections: a desk that remembers nothing has those of the configuration only", "[daemon][jack]") {
  ConnectionMemory memory({kRule}, false);
  memory.connected(kByHand);
  CHECK(memory.wanted() == PortPairs{kRule});
  memory.disconnected(kRule, 0);  // by hand, which is not remembered either
  CHECK_FALSE(memory.in_doubt());
  memory.settle(1'000'000);
  CHECK(memory.wanted() == PortPairs{kRule});
}

TEST_CASE("connections: remembering can be switched off and on, and what is told is told apart", "[daemon][jack]") {
  ConnectionMemory memory({kRule});
  memory.connected(kByHand);
  CHECK(memory.is_rule(kRule));
  CHECK_FALSE(memory.is_rule(kByHand));
  memory.disconnected(kRule, 0);
  const PortPair other{"main_l", "system:playback_1"};
  memory.follow({other}, false);
  CHECK(memory.wanted() == PortPairs{other});
  CHECK(memory.is_rule(other));
  CHECK_FALSE(memory.is_rule(kRule));
  CHECK_FALSE(memory.in_doubt());
  memory.follow({kRule}, true);
  memory.connected(kByHand);
  CHECK(memory.wanted() == PortPairs{kRule, other, kByHand});
}

TEST_CASE("connections: taken away and made again at once is kept", "[daemon][jack]") {
  ConnectionMemory memory({kRule});
  memory.disconnected(kRule, 0);
  memory.connected(kRule);
  memory.settle(1'000'000);
  CHECK(memory.wanted() == PortPairs{kRule});
}
