// OSC 1.0 packets: proving that the bytes are whole, walking bundles, taking messages apart and putting them together.
//
// Every offset and length is checked here before liblo gets a byte; liblo then converts (byte order, arguments).
// Bundles are walked here because liblo recurses without a limit and has no "all or nothing".
#pragma once

#include <lo/lo.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/parameters/parameter.h"

namespace fohd::osc {

/// Deeper nesting is refused: no client needs it, and an attacker's packet could else nest 3,000 times.
inline constexpr int kMaxBundleDepth = 8;
/// The longest address that a message may carry, patterns included. The desk's own are under 40.
inline constexpr std::size_t kMaxAddressBytes = 255;
/// Arguments of one message; /subscribe takes the most.
inline constexpr std::size_t kMaxArguments = 64;
/// The time tag that means "at once".
inline constexpr std::uint64_t kImmediately = 1;

using Bytes = std::span<const std::byte>;

/// A message whose bytes were proven whole. Views point into the packet.
struct MessageView {
  Bytes bytes;
  std::string_view address;
  std::string_view tags;  ///< without the comma; empty too if the message has no type tag string
  bool has_tags = false;
};

/// Checks one message. On failure returns the reason as text, else nullptr; `address` is set as soon as it is known.
/// [any] no allocation.
const char* check_message(Bytes bytes, MessageView& view) noexcept;

/// All messages of a packet in order, and the latest time tag met (0: no bundle, or all of them immediate).
struct Packet {
  std::vector<MessageView> messages;
  bool is_bundle = false;
  std::uint64_t latest_time_tag = 0;
  std::string error_address;  ///< filled on failure: the address of the bad message if known, else "" or "#bundle"
};

/// Takes the frame of a packet apart. Returns the reason if any part of it is not OSC, else nullptr.
const char* check_packet(Bytes bytes, Packet& packet);

/// A message's arguments, converted by liblo. Empty if it has none.
class Arguments {
 public:
  explicit Arguments(const MessageView& view);
  bool valid() const noexcept { return valid_; }
  std::size_t size() const noexcept { return tags_.size(); }
  char tag(std::size_t i) const { return tags_[i]; }
  /// In the byte order of this machine, aligned to 4. Null for T, F, N and I.
  const void* operator[](std::size_t i) const;

 private:
  struct Free {
    void operator()(void* message) const noexcept { lo_message_free(message); }
  };
  std::unique_ptr<void, Free> message_;
  lo_arg** argv_ = nullptr;
  std::string_view tags_;
  bool valid_ = true;
};

/// An argument as a parameter's value: f, d as float; i, h, T, F as int (h beyond 32 bits as float); s, S as text.
/// Returns the reason if the tag carries no value.
const char* to_value(const Arguments& arguments, std::size_t i, Value& value);

/// Puts one message together. The address and texts must hold no NUL; longer than kMaxAddressBytes is cut.
class MessageBuilder {
 public:
  MessageBuilder();
  MessageBuilder& add(float value);
  MessageBuilder& add(std::int32_t value);
  MessageBuilder& add(const std::string& text);
  MessageBuilder& add(const char* text);
  MessageBuilder& add_int64(std::uint64_t value);
  MessageBuilder& add_blob(Bytes blob);
  MessageBuilder& add(const Value& value);
  /// Appends the message to `out`.
  void append_to(std::vector<std::byte>& out, const char* address) const;

 private:
  struct Free {
    void operator()(void* message) const noexcept { lo_message_free(message); }
  };
  std::unique_ptr<void, Free> message_;
};

/// Appends a big-endian number.
void append_be32(std::vector<std::byte>& out, std::uint32_t value);
/// Overwrites four bytes at `offset`.
void put_be32(std::vector<std::byte>& out, std::size_t offset, std::uint32_t value);
/// Appends "#bundle" and the time tag "immediately": 16 bytes. Elements follow, each behind its size.
void append_bundle_header(std::vector<std::byte>& out);

}  // namespace fohd::osc
