// Packets for the OSC server.
//
// An input is a row of packets: a byte for the client and the time that passes, two bytes of length, the packet.
#include <algorithm>
#include <vector>

#include "control/osc/osc_server.h"
#include "control/readouts/readouts.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace fohd;
using namespace fohd::fuzz;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Geometry geometry{.inputs = 3, .returns = 2, .buses = 2};
  Desk desk(geometry);
  DeskStatus status(geometry);
  NoCommands sink;
  OscServer server(desk, status, sink, {});
  std::int64_t now_ms = 1000;
  for (std::span<const std::uint8_t> rest(data, size); rest.size() >= 3;) {
    const ClientId client = 1 + rest[0] % 4;
    now_ms += rest[0] / 4;
    const std::size_t length = std::min<std::size_t>(rest[1] * 256u + rest[2], rest.size() - 3);
    // Its own block of memory, so that one byte read too many is seen.
    const auto packet = std::as_bytes(rest.subspan(3, length));
    const std::vector<std::byte> copy(packet.begin(), packet.end());
    server.receive(client, copy, now_ms, std::uint64_t{1} << 63);
    server.tick(now_ms);
    server.drain([](const OutgoingPacket& out) {
      check(out.bytes.size() <= kMaxDatagramBytes && out.bytes.size() % 4 == 0 && !out.bytes.empty());
      return true;
    });
    rest = rest.subspan(3 + length);
  }
  check_values(desk);
  return 0;
}
