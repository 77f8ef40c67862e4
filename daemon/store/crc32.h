// CRC-32 as in IEEE 802.3 and zlib: reflected polynomial 0xEDB88320, start and final inversion. Finds every single
// flipped bit and every damaged run of up to 32 bits; it is no protection against an attacker.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace fohd {

namespace detail {
constexpr std::array<std::uint32_t, 256> crc32_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xEDB88320u : 0u);
    table[byte] = remainder;
  }
  return table;
}
inline constexpr std::array<std::uint32_t, 256> kCrc32Table = crc32_table();
}  // namespace detail

/// [any] pure.
constexpr std::uint32_t crc32(std::string_view bytes) noexcept {
  std::uint32_t remainder = 0xFFFFFFFFu;
  for (char c : bytes) {
    remainder = (remainder >> 8) ^ detail::kCrc32Table[(remainder ^ static_cast<unsigned char>(c)) & 0xFFu];
  }
  return ~remainder;
}

/// [any] The checksum as it is written in files: eight lower-case hexadecimal digits.
inline std::string crc32_text(std::string_view bytes) {
  const std::uint32_t sum = crc32(bytes);
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[(sum >> shift) & 0xFu];
  return text;
}

}  // namespace fohd
