#include "control/osc/osc_packet.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

namespace fohd::osc {
namespace {

constexpr std::string_view kBundleTag("#bundle\0", 8);
constexpr std::size_t kBundleHeaderBytes = 16;

std::uint32_t be32(const std::byte* p) noexcept {
  return std::to_integer<std::uint32_t>(p[0]) << 24 | std::to_integer<std::uint32_t>(p[1]) << 16 |
         std::to_integer<std::uint32_t>(p[2]) << 8 | std::to_integer<std::uint32_t>(p[3]);
}

/// Bytes that an OSC string at the start of `rest` takes with its padding, 0 if it is not terminated and padded with
/// zeros inside `rest`. `length` without the NUL.
std::size_t string_extent(Bytes rest, std::size_t& length) noexcept {
  if (rest.empty()) return 0;
  const void* end = std::memchr(rest.data(), 0, rest.size());
  if (end == nullptr) return 0;
  length = static_cast<std::size_t>(static_cast<const std::byte*>(end) - rest.data());
  const std::size_t padded = length / 4 * 4 + 4;
  if (padded > rest.size()) return 0;
  for (std::size_t i = length; i < padded; ++i) {
    if (rest[i] != std::byte{0}) return 0;
  }
  return padded;
}

std::string_view as_text(Bytes bytes, std::size_t length) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), length};
}

bool printable(std::string_view text) noexcept {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

/// The bytes of one argument at the start of `rest`, or a reason.
const char* argument_extent(char tag, Bytes rest, std::size_t& extent) noexcept {
  std::size_t length = 0;
  switch (tag) {
    case 'T':
    case 'F':
    case 'N':
    case 'I':
      extent = 0;
      return nullptr;
    case 'i':
    case 'f':
    case 'c':
    case 'r':
    case 'm':
      extent = 4;
      break;
    case 'h':
    case 't':
    case 'd':
      extent = 8;
      break;
    case 's':
    case 'S':
      extent = string_extent(rest, length);
      return extent == 0 ? "a string argument is not terminated and padded with zeros" : nullptr;
    case 'b': {
      if (rest.size() < 4) return "a blob ends before its size";
      const std::uint32_t size = be32(rest.data());
      if (size > rest.size() - 4) return "a blob is longer than its message";  // a negative size is a huge one
      extent = 4 + (std::size_t{size} + 3) / 4 * 4;
      if (extent > rest.size()) return "a blob is not padded to 4 bytes";
      for (std::size_t i = 4 + size; i < extent; ++i) {
        if (rest[i] != std::byte{0}) return "a blob is not padded with zeros";
      }
      return nullptr;
    }
    default:
      return "unknown type tag; known are i f s b h t d S c r m T F N I";
  }
  return extent > rest.size() ? "an argument is cut off" : nullptr;
}

/// A double beyond float's range is a huge number, not infinity.
float to_float(double value) noexcept {
  constexpr double kMax = std::numeric_limits<float>::max();
  if (std::isfinite(value)) value = std::clamp(value, -kMax, kMax);
  return static_cast<float>(value);
}

const char* walk_bundle(Bytes bytes, int depth, Packet& packet);

const char* walk_element(Bytes bytes, int depth, Packet& packet) {
  if (bytes.size() % 4 != 0 || bytes.empty()) return "an element's size is not a multiple of 4, or zero";
  if (bytes[0] == std::byte{'#'}) return walk_bundle(bytes, depth + 1, packet);
  MessageView view;
  const char* reason = check_message(bytes, view);
  if (reason != nullptr && !view.address.empty()) packet.error_address = view.address;
  packet.messages.push_back(view);
  return reason;
}

const char* walk_bundle(Bytes bytes, int depth, Packet& packet) {
  if (depth > kMaxBundleDepth) return "bundles are nested deeper than 8";
  if (bytes.size() < kBundleHeaderBytes || as_text(bytes, 8) != kBundleTag)
    return "a bundle without its 16-byte header";
  const std::uint64_t time_tag = static_cast<std::uint64_t>(be32(bytes.data() + 8)) << 32 | be32(bytes.data() + 12);
  if (time_tag != kImmediately && time_tag > packet.latest_time_tag) packet.latest_time_tag = time_tag;
  for (Bytes rest = bytes.subspan(kBundleHeaderBytes); !rest.empty();) {
    if (rest.size() < 4) return "a bundle ends inside an element's size";
    const std::size_t size = be32(rest.data());
    if (size > rest.size() - 4) return "an element is longer than its bundle";
    if (const char* reason = walk_element(rest.subspan(4, size), depth, packet)) return reason;
    rest = rest.subspan(4 + size);
  }
  return nullptr;
}

}  // namespace

const char* check_message(Bytes bytes, MessageView& view) noexcept {
  view = {};
  view.bytes = bytes;
  if (bytes.empty() || bytes.size() % 4 != 0) return "the size is not a multiple of 4, or zero";
  if (bytes[0] != std::byte{'/'}) return "neither a message (starts with '/') nor a bundle (starts with '#')";
  std::size_t length = 0;
  std::size_t extent = string_extent(bytes, length);
  if (extent == 0) return "the address is not terminated and padded with zeros";
  if (length > kMaxAddressBytes) return "the address is longer than 255 bytes";
  if (!printable(as_text(bytes, length))) return "the address holds a space or something that is not ASCII";
  view.address = as_text(bytes, length);
  Bytes rest = bytes.subspan(extent);
  if (rest.empty()) return nullptr;  // no type tag string: old senders, no arguments
  extent = string_extent(rest, length);
  if (extent == 0) return "the type tags are not terminated and padded with zeros";
  if (rest[0] != std::byte{','}) return "the type tags do not start with ','";
  if (length - 1 > kMaxArguments) return "more than 64 arguments";
  const std::string_view tags = as_text(rest, length).substr(1);
  rest = rest.subspan(extent);
  for (const char tag : tags) {
    std::size_t size = 0;
    if (const char* reason = argument_extent(tag, rest, size)) return reason;
    rest = rest.subspan(size);
  }
  if (!rest.empty()) return "bytes are left after the last argument";
  view.tags = tags;
  view.has_tags = true;
  return nullptr;
}

const char* check_packet(Bytes bytes, Packet& packet) {
  packet.messages.clear();
  packet.is_bundle = false;
  packet.latest_time_tag = 0;
  packet.error_address.clear();
  if (bytes.empty()) return "an empty packet";
  if (bytes[0] != std::byte{'#'}) return walk_element(bytes, 0, packet);
  packet.is_bundle = true;
  const char* reason = walk_element(bytes, 0, packet);
  if (reason != nullptr && packet.error_address.empty()) packet.error_address = "#bundle";
  return reason;
}

Arguments::Arguments(const MessageView& view) : tags_(view.tags) {
  if (tags_.empty()) return;
  int result = 0;
  // liblo reads only; its parameter is not const.
  message_.reset(lo_message_deserialise(const_cast<std::byte*>(view.bytes.data()), view.bytes.size(), &result));
  valid_ = message_ != nullptr && lo_message_get_argc(message_.get()) == static_cast<int>(tags_.size());
  if (valid_) {
    argv_ = lo_message_get_argv(message_.get());
  } else {
    tags_ = {};
  }
}

const void* Arguments::operator[](std::size_t i) const { return argv_[i]; }

const char* to_value(const Arguments& arguments, std::size_t i, Value& value) {
  const void* bytes = arguments[i];
  // liblo's union needs 8-byte alignment, but arguments stand on 4: so they are copied out.
  const auto read = [bytes](auto number) {
    std::memcpy(&number, bytes, sizeof number);
    return number;
  };
  switch (arguments.tag(i)) {
    case 'f':
      value = read(float{});
      return nullptr;
    case 'd':
      value = to_float(read(double{}));
      return nullptr;
    case 'i':
      value = read(std::int32_t{});
      return nullptr;
    case 'h': {
      const auto wide = read(std::int64_t{});
      if (wide >= INT32_MIN && wide <= INT32_MAX) {
        value = static_cast<std::int32_t>(wide);
      } else {
        value = static_cast<float>(wide);
      }
      return nullptr;
    }
    case 'T':
      value = std::int32_t{1};
      return nullptr;
    case 'F':
      value = std::int32_t{0};
      return nullptr;
    case 's':
    case 'S':
      value = std::string(static_cast<const char*>(bytes));
      return nullptr;
    default:
      return "a value is a number (f i d h), T, F or a text (s)";
  }
}

MessageBuilder::MessageBuilder() : message_(lo_message_new()) {
  if (message_ == nullptr) throw std::bad_alloc();
}
MessageBuilder& MessageBuilder::add(float value) { return lo_message_add_float(message_.get(), value), *this; }
MessageBuilder& MessageBuilder::add(std::int32_t value) { return lo_message_add_int32(message_.get(), value), *this; }
MessageBuilder& MessageBuilder::add(const std::string& text) { return add(text.c_str()); }
MessageBuilder& MessageBuilder::add(const char* text) { return lo_message_add_string(message_.get(), text), *this; }

MessageBuilder& MessageBuilder::add_int64(std::uint64_t value) {
  lo_message_add_int64(message_.get(), static_cast<std::int64_t>(value));
  return *this;
}

MessageBuilder& MessageBuilder::add_blob(Bytes blob) {
  lo_blob copy = lo_blob_new(static_cast<int32_t>(blob.size()), blob.data());
  if (copy == nullptr) throw std::bad_alloc();
  lo_message_add_blob(message_.get(), copy);
  lo_blob_free(copy);
  return *this;
}

MessageBuilder& MessageBuilder::add(const Value& value) {
  return std::visit([this](const auto& v) -> MessageBuilder& { return add(v); }, value);
}

void MessageBuilder::append_to(std::vector<std::byte>& out, const char* address) const {
  std::size_t size = lo_message_length(message_.get(), address);
  const std::size_t start = out.size();
  out.resize(start + size);
  lo_message_serialise(message_.get(), address, out.data() + start, &size);
}

void append_be32(std::vector<std::byte>& out, std::uint32_t value) {
  out.resize(out.size() + 4);
  put_be32(out, out.size() - 4, value);
}

void put_be32(std::vector<std::byte>& out, std::size_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[offset + i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

void append_bundle_header(std::vector<std::byte>& out) {
  for (const char c : kBundleTag) out.push_back(static_cast<std::byte>(c));
  append_be32(out, 0);
  append_be32(out, 1);
}

}  // namespace fohd::osc
