#include "daemon/net/routes.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace fohd {
namespace {

struct Route {
  enum class Answer : std::uint8_t { unknown, none, found } answer = Answer::unknown;
  std::uint32_t interface = 0;
  bool direct = false;  ///< no router between
  int network_bits = 0;
};

struct RouteQuestion {
  nlmsghdr header{};
  rtmsg route{};
  alignas(NLMSG_ALIGNTO) std::array<std::byte, 64> attributes{};

  void add(std::uint16_t type, const void* value, std::size_t size) {
    std::byte* const end = reinterpret_cast<std::byte*>(this) + NLMSG_ALIGN(header.nlmsg_len);
    const rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(size)), type};
    std::memcpy(end, &attribute, sizeof attribute);
    std::memcpy(end + RTA_LENGTH(0), value, size);
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_ALIGN(header.nlmsg_len) + RTA_ALIGN(attribute.rta_len));
  }
};

Route read_route(const std::byte* bytes, std::size_t size, std::uint32_t number) {
  nlmsghdr header{};
  if (size < sizeof header) return {};
  std::memcpy(&header, bytes, sizeof header);
  if (header.nlmsg_seq != number) return {};
  if (header.nlmsg_type == NLMSG_ERROR) return {Route::Answer::none, 0, false, 0};
  if (header.nlmsg_type != RTM_NEWROUTE || header.nlmsg_len > size || header.nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg)))
    return {};
  rtmsg found{};
  std::memcpy(&found, bytes + NLMSG_HDRLEN, sizeof found);
  Route route{Route::Answer::found, 0, found.rtm_scope >= RT_SCOPE_LINK, found.rtm_dst_len};
  std::size_t at = NLMSG_SPACE(sizeof(rtmsg));
  rtattr attribute{};
  while (at + sizeof attribute <= header.nlmsg_len) {
    std::memcpy(&attribute, bytes + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > header.nlmsg_len) break;
    if (attribute.rta_type == RTA_OIF && attribute.rta_len >= RTA_LENGTH(sizeof route.interface))
      std::memcpy(&route.interface, bytes + at + RTA_LENGTH(0), sizeof route.interface);
    if (attribute.rta_type == RTA_GATEWAY) route.direct = false;
    at += RTA_ALIGN(attribute.rta_len);
  }
  return route;
}

/// through: of those routes that go through this interface; 0: the one that the kernel takes. in_tables: as it stands
/// there, with its network.
Route ask_route(int netlink, std::uint32_t address, std::uint32_t through, bool in_tables) {
  RouteQuestion question;
  question.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
  question.header.nlmsg_type = RTM_GETROUTE;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_seq = address ^ through ^ (in_tables ? 0x80000000u : 0);
  question.route.rtm_family = AF_INET;
  question.route.rtm_dst_len = 32;
  const std::uint32_t target = htonl(address);
  question.add(RTA_DST, &target, sizeof target);
  if (in_tables) question.route.rtm_flags = RTM_F_FIB_MATCH;
  if (through != 0) question.add(RTA_OIF, &through, sizeof through);
  if (::send(netlink, &question, question.header.nlmsg_len, MSG_DONTWAIT) < 0) return {};
  alignas(NLMSG_ALIGNTO) std::array<std::byte, 4096> answer{};
  const ssize_t size = ::recv(netlink, answer.data(), answer.size(), MSG_DONTWAIT);
  return size < 0 ? Route{} : read_route(answer.data(), static_cast<std::size_t>(size), question.header.nlmsg_seq);
}

}  // namespace

Routes::Routes() : netlink_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}

Routes::~Routes() {
  if (netlink_ >= 0) ::close(netlink_);
}

bool Routes::lead_to(std::uint32_t address, std::uint32_t interface) const {
  if (netlink_ < 0) return true;
  const Route taken = ask_route(netlink_, address, 0, false);
  if (taken.answer == Route::Answer::unknown) return true;
  if (taken.answer == Route::Answer::found && taken.interface == interface) return true;
  // In the tables: else the kernel takes any address to be directly at a named interface.
  const Route there = ask_route(netlink_, address, interface, true);
  if (there.answer == Route::Answer::unknown) return true;
  if (there.answer == Route::Answer::none || !there.direct) return false;
  // A wider network than the one that the address is known to be in only contains it.
  const Route known = ask_route(netlink_, address, 0, true);
  return known.answer != Route::Answer::found || there.network_bits >= known.network_bits;
}

}  // namespace fohd
