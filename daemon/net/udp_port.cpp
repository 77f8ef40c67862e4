#include "daemon/net/udp_port.h"

#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstring>

#include "daemon/net/addresses.h"

namespace fohd {
namespace {

namespace asio = boost::asio;

constexpr int kBatch = 32;                 // datagrams per system call: 2 MB of buffers
constexpr std::size_t kSlotBytes = 65536;  // the largest datagram and one more
// After so long at the packets the loop publishes what they changed, and timers and signals have their turn: half of a
// meter's period, whatever a packet costs and however many there are.
constexpr auto kWake = std::chrono::milliseconds(5);
constexpr auto kRetry = std::chrono::seconds(1);
// Packets served before the kernel's buffer is emptied again: 64 cost 0.2 ms, and it holds 8 MiB.
constexpr int kServedAtOnce = 64;
// Batches read before packets are served again: 512 packets, about half a ms.
constexpr int kBatchesAtOnce = 16;
constexpr int kKnownPerStranger = 8;
// Each of the 64 places may have what the kernel keeps for a machine that has just gone, 115 kB (measured), and more.
constexpr int kSendBytes = 8 << 20;

/// ICMP errors in a second before they are not asked for any more, for as long as a short lease. Anybody can send them,
/// to any port of ours, and each makes one system call fail. The 16 programs that one machine may have here end with 24
/// each at most: what was sent to them in two turns.
constexpr int kErrorsPerSecond = 16 * 24;
constexpr auto kErrorPause = std::chrono::seconds(10);

constexpr std::uint32_t kLoopbackInterface = 1;  // in every Linux
/// Of a client: the interface is not known, or its number, which grows with each interface that is made, has no room.
constexpr std::uint64_t kOtherInterface = 0xFFFF;

UdpPort::Client client_of(const sockaddr_in& from, std::uint32_t interface) {
  std::uint64_t number = interface == 0 ? kOtherInterface : std::min<std::uint64_t>(interface, kOtherInterface);
  if (interface == kLoopbackInterface) number = 0;
  return number << 48 | std::uint64_t{ntohl(from.sin_addr.s_addr)} << 16 | ntohs(from.sin_port);
}

/// 0: there is no note of it.
std::uint32_t interface_in(const cmsghdr* note) {
  if (note->cmsg_level != IPPROTO_IP || note->cmsg_type != IP_PKTINFO) return 0;
  in_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(note), sizeof info);
  return static_cast<std::uint32_t>(info.ipi_ifindex);
}

/// Whether it says "no such port", and comes from that very machine; a router or a stranger cannot know.
bool says_gone(const cmsghdr* note, const sockaddr_in& target) {
  sock_extended_err error{};
  sockaddr_in offender{};
  if (note->cmsg_len < CMSG_LEN(sizeof error + sizeof offender)) return false;
  std::memcpy(&error, CMSG_DATA(note), sizeof error);
  std::memcpy(&offender, CMSG_DATA(note) + sizeof error, sizeof offender);  // SO_EE_OFFENDER
  return error.ee_origin == SO_EE_ORIGIN_ICMP && error.ee_type == ICMP_UNREACH && error.ee_code == ICMP_UNREACH_PORT &&
         offender.sin_family == AF_INET && offender.sin_addr.s_addr == target.sin_addr.s_addr;
}

}  // namespace

struct UdpPort::Batch {
  std::vector<std::byte> bytes = std::vector<std::byte>(kBatch * kSlotBytes);
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> vectors{};
  std::array<sockaddr_in, kBatch> sources{};
  // The kernel's count of what it dropped, and the interface.
  alignas(cmsghdr) std::array<std::array<char, CMSG_SPACE(sizeof(std::uint32_t)) + CMSG_SPACE(sizeof(in_pktinfo))>,
                              kBatch> controls{};
  int count = 0;

  void prepare() {
    for (int i = 0; i < kBatch; ++i) {
      vectors[i] = {bytes.data() + i * kSlotBytes, kSlotBytes};
      headers[i] = {};
      headers[i].msg_hdr.msg_name = &sources[i];
      headers[i].msg_hdr.msg_namelen = sizeof sources[i];
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      headers[i].msg_hdr.msg_control = controls[i].data();
      headers[i].msg_hdr.msg_controllen = controls[i].size();
    }
  }
};

UdpPort::UdpPort(asio::io_context& io, OscConfig config, Handlers handlers)
    : io_(io),
      config_(std::move(config)),
      handlers_(std::move(handlers)),
      socket_(io),
      retry_(io),
      batch_(std::make_shared<Batch>()) {}

std::string UdpPort::client_text(Client client) {
  return to_text(address_of(client), static_cast<std::uint16_t>(client));
}

std::uint32_t UdpPort::interface_of(Client client) noexcept {
  const std::uint64_t number = client >> 48;
  if (number == kOtherInterface) return 0;
  return number == 0 ? kLoopbackInterface : static_cast<std::uint32_t>(number);
}

void UdpPort::open() {
  const std::string error = try_bind();
  bound_ = error.empty();
  if (error != last_error_) {
    last_error_ = error;
    handlers_.state(error);
  }
  if (bound_) return wait();
  retry_.expires_after(kRetry);
  retry_.async_wait([this, alive = std::weak_ptr<Batch>(batch_)](const boost::system::error_code& failure) {
    if (!failure && !alive.expired()) open();
  });
}

void UdpPort::close() {
  boost::system::error_code ignored;
  retry_.cancel(ignored);
  socket_.close(ignored);
  given_way_before_ = given_way();
  known_.clear();
  strangers_.clear();
  bound_ = false;
}

std::string UdpPort::try_bind() {
  boost::system::error_code failure;
  const auto address = asio::ip::make_address_v4(config_.address, failure);
  if (failure) return config_.address + " is not an IPv4 address";
  socket_.close(failure);
  socket_.open(asio::ip::udp::v4(), failure);
  if (failure) return "no socket: " + failure.message();
  const int fd = socket_.native_handle(), on = 1;
  // SO_RCVBUFFORCE passes the system's limit and needs CAP_NET_ADMIN; the other call gives what any process may have.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &config_.receive_buffer_bytes, sizeof(int)) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &config_.receive_buffer_bytes, sizeof(int));
  }
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kSendBytes, sizeof(int)) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBytes, sizeof(int));
  }
  int doubled = 0;
  socklen_t size = sizeof doubled;
  ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &doubled, &size);
  granted_bytes_ = doubled / 2;
  ::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &granted_send_bytes_, &size);
  ::setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  // No router's word on the size of packets: anybody can send it, and would have our datagrams cut up.
  const int any_size = IP_PMTUDISC_OMIT;
  ::setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &any_size, sizeof any_size);
  report_errors(true);
  kernel_drops_seen_ = 0;
  socket_.bind({address, static_cast<unsigned short>(config_.port)}, failure);
  if (!failure) socket_.non_blocking(true, failure);
  if (!failure) return "";
  const std::string where = config_.address + " port " + std::to_string(config_.port);
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (failure == asio::error::address_in_use) return "UDP " + where + " is in use by another program";
  return "UDP " + where + " cannot be bound: " + failure.message();
}

void UdpPort::wait() {
  socket_.async_wait(asio::ip::udp::socket::wait_read, [this](const boost::system::error_code& failure) {
    if (!failure) wake();
  });
}

void UdpPort::wake() {
  if (!bound_) return;
  bool more = false;
  try {
    more = receive_for_a_while();
    handlers_.turn();
  } catch (...) {  // memory has run out: the packets to come are heard all the same
    if (bound_) wait();
    throw;
  }
  if (!bound_) return;
  if (!more) return wait();
  // At the end of the queue: handlers that wait already come first. The batch lives as long as this object.
  asio::post(io_, [this, alive = std::weak_ptr<Batch>(batch_)] {
    if (!alive.expired()) wake();
  });
}

/// True if the time was up before the packets were.
bool UdpPort::receive_for_a_while() {
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + kWake;
  if (!reports_errors_ && begin >= errors_again_) report_errors(true);
  for (;;) {
    read_waiting();
    for (int i = 0; i < kServedAtOnce && !(known_.empty() && strangers_.empty()); ++i) {
      look_at_next();
      if (!bound_) return false;
      if (std::chrono::steady_clock::now() >= end) return true;
    }
    if (known_.empty() && strangers_.empty()) return false;
  }
}

/// Whatever is in the kernel's buffer comes into our queue, so that no client's packet is lost behind the flood of
/// another.
void UdpPort::read_waiting() {
  for (int batches = 0; batches < kBatchesAtOnce && read_batch(); ++batches) {
    for (int i = 0; i < batch_->count; ++i) keep(i);
    if (batch_->count < kBatch) break;
  }
}

/// True if something was read. An ICMP error makes the next call on the socket fail, whatever waits in it.
bool UdpPort::read_batch() {
  constexpr int kTries = 4;
  batch_->prepare();
  batch_->count = 0;
  for (int i = 0; i < kTries; ++i) {
    const int count = ::recvmmsg(socket_.native_handle(), batch_->headers.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count > 0) {
      batch_->count = count;
      return true;
    }
    const bool nothing = errno == EAGAIN || errno == EWOULDBLOCK;
    read_error_queue();  // a waiting error makes the socket ready although there is nothing to read
    if (nothing) return false;
  }
  return false;  // if there was something behind the errors, the socket is ready again
}

void UdpPort::keep(int i) {
  msghdr& header = batch_->headers[i].msg_hdr;
  std::uint32_t interface = 0;
  for (cmsghdr* note = CMSG_FIRSTHDR(&header); note != nullptr; note = CMSG_NXTHDR(&header, note)) {
    interface = std::max(interface, interface_in(note));
    if (note->cmsg_level != SOL_SOCKET || note->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t total = 0;
    std::memcpy(&total, CMSG_DATA(note), sizeof total);
    counters_.dropped_by_kernel += total - kernel_drops_seen_;  // 32 bits in the kernel: the difference wraps rightly
    kernel_drops_seen_ = total;
  }
  const Client client = client_of(batch_->sources[i], interface);
  FairQueue& queue = is_known(client) ? known_ : strangers_;
  queue.push(machine_of(client), client, interface,
             {batch_->bytes.data() + i * kSlotBytes, batch_->headers[i].msg_len});
  counters_.given_way = given_way();
}

bool UdpPort::is_known(Client client) const { return is_here(client) || (handlers_.known && handlers_.known(client)); }

void UdpPort::look_at_next() {
  // Strangers too: a new client is one of them.
  const bool known = !known_.empty() && (strangers_.empty() || served_known_ < kKnownPerStranger);
  served_known_ = known ? served_known_ + 1 : 0;
  const FairQueue::Packet packet = (known ? known_ : strangers_).pop();
  if ((packet.client & 0xFFFF) == 0 || (handlers_.hears && !handlers_.hears(packet.client, packet.interface))) {
    ++counters_.refused_sources;
    return;
  }
  ++counters_.received;
  handlers_.packet(packet.client, packet.bytes);
}

void UdpPort::read_error_queue() {
  const auto now = std::chrono::steady_clock::now();
  if (now - errors_since_ >= std::chrono::seconds(1)) {
    errors_since_ = now;
    errors_in_second_ = 0;
  }
  while (bound_ && reports_errors_ && read_error()) {
    if (++errors_in_second_ <= kErrorsPerSecond) continue;
    report_errors(false);
    errors_again_ = now + kErrorPause;
  }
}

/// False: there is none.
bool UdpPort::read_error() {
  alignas(cmsghdr) std::array<char, 512> control{};
  std::byte byte{};
  iovec vector{&byte, 1};
  sockaddr_in target{};
  msghdr header{};
  header.msg_name = &target;
  header.msg_namelen = sizeof target;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  if (::recvmsg(socket_.native_handle(), &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
  bool gone = false;
  std::uint32_t interface = 0;
  for (cmsghdr* note = CMSG_FIRSTHDR(&header); note != nullptr; note = CMSG_NXTHDR(&header, note)) {
    interface = std::max(interface, interface_in(note));
    if (note->cmsg_level != IPPROTO_IP || note->cmsg_type != IP_RECVERR) continue;
    gone = header.msg_namelen == sizeof target && says_gone(note, target);
  }
  if (gone) {
    handlers_.gone(client_of(target, interface));
  } else {
    ++counters_.doubted_errors;
  }
  return true;
}

/// Whether ICMP errors are reported to us, by which we hear of clients that are gone. Off: the kernel forgets what
/// waits.
void UdpPort::report_errors(bool on) {
  const int value = on ? 1 : 0;
  int forgotten = 0;
  socklen_t size = sizeof forgotten;
  ::setsockopt(socket_.native_handle(), IPPROTO_IP, IP_RECVERR, &value, sizeof value);
  if (!on) ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &forgotten, &size);
  reports_errors_ = on;
  errors_in_second_ = 0;
}

bool UdpPort::send(Client to, std::span<const std::byte> bytes, bool known) {
  if (!bound_) return true;
  int waiting = 0;
  if (!known && !is_here(to) && ::ioctl(socket_.native_handle(), SIOCOUTQ, &waiting) == 0 &&
      waiting > granted_send_bytes_ / 4) {
    return true;
  }
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr.s_addr = htonl(address_of(to));
  target.sin_port = htons(static_cast<std::uint16_t>(to));
  iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};  // sendmsg() does not write there
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> control{};
  msghdr header{};
  header.msg_name = &target;
  header.msg_namelen = sizeof target;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  if (const std::uint32_t interface = interface_of(to); interface != 0 && !is_here(to)) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const note = CMSG_FIRSTHDR(&header);
    note->cmsg_level = IPPROTO_IP;
    note->cmsg_type = IP_PKTINFO;
    note->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(interface);
    std::memcpy(CMSG_DATA(note), &info, sizeof info);
  }
  const auto attempt = [&] { return ::sendmsg(socket_.native_handle(), &header, MSG_DONTWAIT); };
  // With IP_RECVERR a send may report what happened to an earlier one, to another client: once more then.
  if (attempt() >= 0) return true;
  // ENOBUFS: the queue of one interface is full, which loses this datagram and holds up no other interface.
  if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
  return attempt() >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace fohd
