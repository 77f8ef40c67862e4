// Pages of an Ogg file (RFC 3533), so that tests can change what stands in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fohd::test {

/// Where the next page begins, at or behind `from`; npos: there is none.
inline std::size_t find_ogg_page(std::string_view bytes, std::size_t from) { return bytes.find("OggS", from); }

/// Head, table and body; 0 if it is cut off.
inline std::size_t ogg_page_bytes(std::string_view page) {
  constexpr std::size_t kHead = 27;
  if (page.size() < kHead) return 0;
  const std::size_t segments = static_cast<unsigned char>(page[kHead - 1]);
  std::size_t bytes = kHead + segments;
  if (page.size() < bytes) return 0;
  for (std::size_t i = 0; i < segments; ++i) bytes += static_cast<unsigned char>(page[kHead + i]);
  return bytes <= page.size() ? bytes : 0;
}

/// Gives every whole page the checksum of what is in it: CRC-32, polynomial 04C11DB7, not reflected, its own field 0.
inline void repair_ogg_checksums(std::string& bytes) {
  constexpr std::size_t kField = 22;
  for (std::size_t at = find_ogg_page(bytes, 0); at != std::string::npos; at = find_ogg_page(bytes, at + 4)) {
    const std::size_t size = ogg_page_bytes(std::string_view(bytes).substr(at));
    if (size == 0) continue;
    std::uint32_t remainder = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const bool own = i >= kField && i < kField + 4;
      remainder ^= own ? 0u : static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << 24;
      for (int bit = 0; bit < 8; ++bit) remainder = (remainder << 1) ^ ((remainder >> 31) != 0 ? 0x04C11DB7u : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) bytes[at + kField + i] = static_cast<char>(remainder >> (8 * i) & 0xFFu);
  }
}

}  // namespace fohd::test
