#include "daemon/net/osc_door.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "control/osc/osc_packet.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/net/addresses.h"

namespace fohd {
namespace {

/// The wall clock as an OSC time tag: seconds since 1900 and their fraction.
std::uint64_t ntp_now() {
  constexpr std::uint64_t kSecondsFrom1900To1970 = 2'208'988'800;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
  const auto nanos =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now - seconds).count());
  return (static_cast<std::uint64_t>(seconds.count()) + kSecondsFrom1900To1970) << 32 | (nanos << 32) / 1'000'000'000;
}

OscServerInfo info_of(const Config& config) {
  OscServerInfo info;
  info.name = config.desk;
  info.version = FOHD_VERSION;
  info.client_address = UdpPort::client_text;
  info.client_host = UdpPort::machine_of;
  info.client_is_here = UdpPort::is_here;
  return info;
}

}  // namespace

OscDoor::OscDoor(Context context, const Config& config)
    : context_(std::move(context)),
      config_(config.osc),
      access_(config.access),
      server_(context_.desk, context_.status, context_.commands, info_of(config)) {}

std::string OscDoor::status() const { return std::to_string(server_.subscriber_count()) + " OSC subscribers"; }

void OscDoor::open_port() {
  UdpPort::Handlers handlers;
  handlers.hears = [this](ClientId client, std::uint32_t interface) { return hears(client, interface); };
  handlers.packet = [this](ClientId client, std::span<const std::byte> bytes) {
    server_.receive(client, bytes, now_ms(), ntp_now());
  };
  handlers.known = [this](ClientId client) { return server_.has_lease(client); };
  handlers.turn = [this] { context_.turn(); };
  handlers.gone = [this](ClientId client) { server_.report_gone(client, now_ms()); };
  handlers.state = [this](const std::string& error) { tell_state(error); };
  udp_ = std::make_unique<UdpPort>(context_.io, config_, std::move(handlers));
  udp_->open();
}

void OscDoor::tell_state(const std::string& error) {
  if (!error.empty()) {
    log_of(EventKind::osc).error("No OSC: {}. It is tried again every second; audio is not touched by this", error);
    return;
  }
  std::string where;
  for (const std::string& address : heard_addresses(access_)) where += (where.empty() ? "" : ", ") + address;
  log_of(EventKind::osc)
      .info("OSC is heard on UDP port {} of {} (receive buffer {} KiB)", config_.port,
            config_.address == "0.0.0.0" ? where : config_.address, udp_->granted_receive_bytes() / 1024);
  if (udp_->granted_receive_bytes() < config_.receive_buffer_bytes) {
    log_of(EventKind::osc)
        .warn("The system grants a smaller receive buffer than asked for ({} KiB); sysctl net.core.rmem_max raises it",
              config_.receive_buffer_bytes / 1024);
  }
}

void OscDoor::configure(const Config& config) {
  access_ = config.access;
  if (config.osc == config_) return;
  config_ = config.osc;
  close();
  open_port();
}

bool OscDoor::close() {
  if (!udp_) return true;
  const UdpCounters& now = udp_->counters();
  earlier_.received += now.received;
  earlier_.dropped_by_kernel += now.dropped_by_kernel;
  earlier_.given_way += now.given_way;
  earlier_.refused_sources += now.refused_sources;
  earlier_.doubted_errors += now.doubted_errors;
  udp_->close();
  udp_.reset();
  return true;
}

bool OscDoor::hears(ClientId client, std::uint32_t interface) {
  if (context_.hears({side(), client}, UdpPort::address_of(client), interface)) return true;
  if (const std::string reason = context_.explain_refusal(); !reason.empty()) {
    osc::MessageBuilder message;
    message.add(std::string()).add(reason);
    std::vector<std::byte> packet;
    message.append_to(packet, "/error");
    udp_->send(client, packet, false);
  }
  return false;
}

void OscDoor::turn(std::int64_t now_ms) {
  server_.tick(now_ms);
  drain();
}

void OscDoor::meters(const MeterFrame& frame, std::int64_t now_ms) {
  server_.meters(frame, now_ms);
  drain();
}

void OscDoor::drain() {
  if (!udp_) return;
  server_.drain([this](const OutgoingPacket& packet) { return udp_->send(packet.to, packet.bytes, packet.known); });
}

void OscDoor::report() {
  const std::uint64_t lost = lost_packets();
  if (lost == lost_told_) return;
  log_of(EventKind::osc)
      .warn("OSC: {} datagrams were lost because they came faster than they could be read ({} in all)",
            lost - lost_told_, lost);
  lost_told_ = lost;
}

bool OscDoor::tell(ClientId client, const std::string& address, std::span<const Value> values) {
  return server_.tell(client, address, values);
}

void OscDoor::drop(const Refused& refused) {
  server_.drop_clients([&](ClientId client) {
    return refused({side(), client}, UdpPort::address_of(client), UdpPort::interface_of(client));
  });
}

std::vector<std::string> OscDoor::subscribers() const {
  std::vector<std::string> all;
  for (const ClientId client : server_.subscribers()) all.push_back(UdpPort::client_text(client));
  return all;
}

std::uint64_t OscDoor::lost_packets() const {
  const UdpCounters now = udp_ ? udp_->counters() : UdpCounters{};
  return earlier_.dropped_by_kernel + now.dropped_by_kernel + earlier_.given_way + now.given_way;
}

void OscDoor::add_metrics(std::vector<DoorMetric>& metrics) const {
  const OscCounters& osc = server_.counters();
  const UdpCounters udp = udp_ ? udp_->counters() : UdpCounters{};
  const auto add = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    metrics.push_back({name, name.ends_with("_total") ? "counter" : "gauge", help, value});
  };
  add("fohd_osc_packets_total", "Datagrams that the OSC server looked at.", osc.packets);
  add("fohd_osc_messages_total", "Messages in them.", osc.messages);
  add("fohd_osc_sets_total", "Values written, after patterns were spread out.", osc.sets);
  add("fohd_osc_malformed_packets_total", "Packets that are not OSC.", osc.malformed);
  add("fohd_osc_refused_messages_total", "Unknown address, wrong type, no right, a limit.", osc.refused);
  add("fohd_osc_unknown_addresses_total", "Those of the refused that named nothing.", osc.unknown_addresses);
  add("fohd_osc_errors_withheld_total", "Error replies beyond the limit a second.", osc.errors_withheld);
  add("fohd_osc_answers_dropped_total", "Answers that found no room on their way out.", osc.answers_dropped);
  add("fohd_osc_sent_datagrams_total", "Datagrams sent.", osc.sent);
  add("fohd_osc_expired_leases_total", "Subscriptions that ran out.", osc.expired);
  add("fohd_osc_leases_given_way_total", "Subscriptions that ended for a client of a higher role.", osc.gave_way);
  add("fohd_osc_leases_reported_gone_total", "Subscriptions that ended because no program listens any more.",
      osc.reported_gone);
  add("fohd_osc_subscribers", "Clients with a lease.", server_.subscriber_count());
  add("fohd_udp_received_datagrams_total", "Datagrams that came to the OSC port.", earlier_.received + udp.received);
  add("fohd_udp_refused_datagrams_total", "Those of strangers, not looked at.",
      earlier_.refused_sources + udp.refused_sources);
  add("fohd_udp_doubted_errors_total", "ICMP errors that did not come from the machine they speak of.",
      earlier_.doubted_errors + udp.doubted_errors);
  add("fohd_udp_dropped_datagrams_total", "Lost because the kernel's buffer was full.",
      earlier_.dropped_by_kernel + udp.dropped_by_kernel);
  add("fohd_udp_given_way_datagrams_total", "The oldest of a machine that sent too fast.",
      earlier_.given_way + udp.given_way);
  add("fohd_osc_lost_datagrams_total", "Both of these.", lost_packets());
}

}  // namespace fohd
