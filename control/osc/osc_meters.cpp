#include "control/osc/osc_meters.h"

#include <algorithm>

#include "control/osc/osc_packet.h"
#include "control/osc/osc_server.h"

namespace fohd::osc {
namespace {

/// "/meters" + ",iib" + two ints + the blob's size.
constexpr std::size_t kMeterHeaderBytes = 8 + 8 + 8 + 4;

}  // namespace

void encode_meters(int group, std::span<const std::int16_t> values, std::size_t columns,
                   std::vector<std::vector<std::byte>>& datagrams) {
  datagrams.clear();
  // The blob is padded to 4 bytes; 1,372 is a multiple of 4, so whole items below it stay below it padded.
  const std::size_t per_datagram = (kMaxDatagramBytes - kMeterHeaderBytes) / 2 / columns * columns;
  std::vector<std::byte> blob;
  for (std::size_t first = 0; first < values.size(); first += per_datagram) {
    blob.clear();
    for (const std::int16_t value : values.subspan(first, std::min(per_datagram, values.size() - first))) {
      const auto bits = static_cast<std::uint16_t>(value);
      blob.push_back(static_cast<std::byte>(bits >> 8));
      blob.push_back(static_cast<std::byte>(bits & 0xff));
    }
    MessageBuilder message;
    message.add(std::int32_t{group}).add(static_cast<std::int32_t>(first / columns)).add_blob(blob);
    message.append_to(datagrams.emplace_back(), "/meters");
  }
}

}  // namespace fohd::osc
