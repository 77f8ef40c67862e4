// Meters as OSC has them: /meters ,iib group first blob (docs/OSC.md, "Meters").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fohd::osc {

/// [any] The datagrams of a group, each a whole message of at most kMaxDatagramBytes. values: [item][column],
/// hundredths of a dB; columns: of one item.
void encode_meters(int group, std::span<const std::int16_t> values, std::size_t columns,
                   std::vector<std::vector<std::byte>>& datagrams);

}  // namespace fohd::osc
