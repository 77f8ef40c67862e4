#include "daemon/net/osc_connection.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

#include "control/osc/osc_packet.h"
#include "daemon/base/clock.h"

namespace fohd {
namespace {

constexpr std::size_t kMaxDatagram = 65536;

OscReply to_reply(const osc::MessageView& view) {
  OscReply reply{std::string(view.address), {}, {}};
  const osc::Arguments arguments(view);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Value value;
    if (arguments.tag(i) == 'b') {
      const lo_blob blob = const_cast<void*>(arguments[i]);  // liblo's readers of a blob take it as not const
      const auto* bytes = static_cast<const std::byte*>(lo_blob_dataptr(blob));
      reply.blob.assign(bytes, bytes + lo_blob_datasize(blob));
    } else if (arguments.tag(i) == 'h') {
      std::int64_t number = 0;
      std::memcpy(&number, arguments[i], sizeof number);  // aligned to 4 only
      reply.values.emplace_back(std::to_string(number));
    } else if (osc::to_value(arguments, i, value) == nullptr) {
      reply.values.push_back(std::move(value));
    }
  }
  return reply;
}

}  // namespace

float OscReply::real(std::size_t i) const {
  if (i >= values.size()) return 0;
  if (const auto* whole = std::get_if<std::int32_t>(&values[i])) return static_cast<float>(*whole);
  const auto* number = std::get_if<float>(&values[i]);
  return number != nullptr ? *number : 0;
}

int OscReply::integer(std::size_t i) const {
  const auto* number = i < values.size() ? std::get_if<std::int32_t>(&values[i]) : nullptr;
  return number != nullptr ? *number : 0;
}

std::string OscReply::text(std::size_t i) const {
  const auto* words = i < values.size() ? std::get_if<std::string>(&values[i]) : nullptr;
  return words != nullptr ? *words : "";
}

std::unique_ptr<OscConnection> OscConnection::open(const std::string& host, int port, std::string& error) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (failure != 0) {
    error = "there is no host \"" + host + "\": " + ::gai_strerror(failure);
    return nullptr;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, ::freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    const int fd = ::socket(entry->ai_family, entry->ai_socktype | SOCK_CLOEXEC, entry->ai_protocol);
    if (fd < 0) continue;
    // Room for the whole state of a desk in one burst; the kernel gives what it allows.
    const int bytes = 4 << 20;
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes));
    if (::connect(fd, entry->ai_addr, entry->ai_addrlen) == 0) {
      return std::unique_ptr<OscConnection>(new OscConnection(fd, host + ":" + std::to_string(port)));
    }
    ::close(fd);
  }
  error = "there is no way to " + host + " from here";
  return nullptr;
}

OscConnection::~OscConnection() { ::close(fd_); }

void OscConnection::send(std::span<const OscRequest> requests) {
  std::vector<std::byte> packet, element;
  const auto build = [](const OscRequest& request, std::vector<std::byte>& bytes) {
    osc::MessageBuilder message;
    for (const Value& value : request.values) message.add(value);
    message.append_to(bytes, request.address.c_str());
  };
  if (requests.size() == 1) {
    build(requests.front(), packet);
  } else {
    osc::append_bundle_header(packet);
    for (const OscRequest& request : requests) {
      element.clear();
      build(request, element);
      osc::append_be32(packet, static_cast<std::uint32_t>(element.size()));
      packet.insert(packet.end(), element.begin(), element.end());
    }
  }
  if (::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED) nobody_listens_ = true;
}

OscConnection::Event OscConnection::receive(double deadline_s, std::vector<OscReply>& replies) {
  if (std::exchange(nobody_listens_, false)) return Event::nobody_listens;
  static thread_local std::array<std::byte, kMaxDatagram> buffer;
  for (;;) {
    const double left_s = deadline_s - now_s();
    const int timeout_ms = static_cast<int>(std::ceil(std::clamp(left_s, 0.0, 3600.0) * 1000));
    pollfd event = {fd_, POLLIN, 0};
    const int ready = ::poll(&event, 1, timeout_ms);
    if (ready < 0) return Event::interrupted;
    if (ready == 0) return Event::timeout;
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == ECONNREFUSED) return Event::nobody_listens;
    osc::Packet packet;
    if (size <= 0 || osc::check_packet({buffer.data(), static_cast<std::size_t>(size)}, packet) != nullptr) continue;
    for (const osc::MessageView& message : packet.messages) replies.push_back(to_reply(message));
    return Event::messages;
  }
}

}  // namespace fohd
