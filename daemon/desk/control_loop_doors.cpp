// The control loop's entry points: the OSC port, MIDI, and what its parts ask of the desk through them.
#include <spdlog/spdlog.h>

#include <chrono>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/desk/control_loop.h"
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

}  // namespace

void ControlLoop::open_osc() {
  UdpPort::Handlers handlers;
  handlers.hears = [this](UdpPort::Client client, std::uint32_t interface) {
    return access_.hears(client, interface, now_ms());
  };
  handlers.packet = [this](UdpPort::Client client, std::span<const std::byte> bytes) {
    osc_->receive(client, bytes, now_ms(), ntp_now());
  };
  handlers.known = [this](UdpPort::Client client) { return osc_->has_lease(client); };
  handlers.turn = [this] { turn(); };
  handlers.gone = [this](UdpPort::Client client) { osc_->drop_client(client); };
  handlers.state = [this](const std::string& error) {
    if (!error.empty()) {
      log_of(EventKind::osc).error("No OSC: {}. It is tried again every second; audio is not touched by this", error);
      return;
    }
    std::string where;
    for (const std::string& address : local_addresses()) where += (where.empty() ? "" : ", ") + address;
    log_of(EventKind::osc)
        .info("OSC is heard on UDP port {} of {} (receive buffer {} KiB)", config_.osc.port,
              config_.osc.address == "0.0.0.0" ? where : config_.osc.address, udp_->granted_receive_bytes() / 1024);
    if (udp_->granted_receive_bytes() < config_.osc.receive_buffer_bytes) {
      log_of(EventKind::osc)
          .warn(
              "The system grants a smaller receive buffer than asked for ({} KiB); sysctl net.core.rmem_max raises it",
              config_.osc.receive_buffer_bytes / 1024);
    }
  };
  udp_ = std::make_unique<UdpPort>(io_, config_.osc, std::move(handlers));
  udp_->open();
}

std::uint64_t ControlLoop::lost_datagrams() const {
  return udp_->counters().dropped_by_kernel + udp_->counters().given_way;
}

AccessDesk::Context ControlLoop::access_context() {
  return {desk_,
          [this](ClientId client, const std::string& address, const std::string& text) {
            return osc_->tell(client, address, text);
          },
          [this](ClientId client, std::span<const std::byte> packet) { udp_->send(client, packet, false); },
          [this](const std::function<bool(std::uint64_t)>& refused) { osc_->drop_clients(refused); }};
}

DeskWatch::Context ControlLoop::watch_context() {
  return {io_,
          desk_,
          status_,
          box_,
          [this] { return facts(); },
          [this](ClientId client, const std::string& address, std::span<const Value> values) {
            return osc_->tell(client, address, values);
          }};
}

DeskFacts ControlLoop::facts() {
  return {jack_->figures(),
          osc_->counters(),
          udp_->counters(),
          osc_->subscribers(),
          midi_->device_count(),
          media_.lost_blocks(),
          store_ ? std::optional(store_->failing()) : std::nullopt};
}

void ControlLoop::open_midi(const std::string& store_folder) {
  MidiDesk::Context context{io_, desk_, status_, commands_, {}, {}, {}};
  context.tell = [this](ClientId client, const std::string& address, const std::string& text) {
    return osc_->tell(client, address, text);
  };
  context.turn = [this] { turn(); };
  context.named = [this](std::uint64_t client, const std::string& name) { access_.name_midi(client, name); };
  midi_ = std::make_unique<MidiDesk>(std::move(context), config_, store_folder);
}

}  // namespace fohd
