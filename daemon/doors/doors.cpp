#include "daemon/doors/doors.h"

#include <stdexcept>

namespace fohd {

void Doors::add(std::unique_ptr<Door> door) {
  if (of(door->side()) != nullptr) throw std::logic_error("two doors of one side");
  doors_.push_back(std::move(door));
}

Door* Doors::of(Origin::Side side) const {
  for (const auto& door : doors_) {
    if (door->side() == side) return door.get();
  }
  return nullptr;
}

bool Doors::can_tell(const Origin& client) const {
  const Door* const door = of(client.side);
  return door != nullptr && door->can_tell();
}

bool Doors::tell(const Origin& client, const std::string& address, std::span<const Value> values) {
  Door* const door = of(client.side);
  return door != nullptr && door->tell(client.client, address, values);
}

void Doors::open() {
  for (const auto& door : doors_) door->open();
}

void Doors::configure(const Config& config) {
  for (const auto& door : doors_) door->configure(config);
}

bool Doors::close() {
  bool all = true;
  for (const auto& door : doors_) all = door->close() && all;
  return all;
}

void Doors::turn(std::int64_t now_ms) {
  for (const auto& door : doors_) door->turn(now_ms);
}

void Doors::meters(const MeterFrame& frame, std::int64_t now_ms) {
  for (const auto& door : doors_) door->meters(frame, now_ms);
}

void Doors::watch_audio(std::uint64_t frames, std::int64_t now_ms) {
  for (const auto& door : doors_) door->watch_audio(frames, now_ms);
}

void Doors::report() {
  for (const auto& door : doors_) door->report();
}

void Doors::register_commands(CommandHandlers& commands) {
  for (const auto& door : doors_) door->register_commands(commands);
}

void Doors::drop(const Refused& refused) {
  for (const auto& door : doors_) door->drop(refused);
}

std::vector<std::string> Doors::subscribers() const {
  std::vector<std::string> all;
  for (const auto& door : doors_) {
    std::vector<std::string> own = door->subscribers();
    all.insert(all.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  }
  return all;
}

std::string Doors::status() const {
  std::string text;
  for (const auto& door : doors_) text += (text.empty() ? "" : ", ") + door->status();
  return text;
}

std::vector<DoorMetric> Doors::metrics() const {
  std::vector<DoorMetric> all;
  for (const auto& door : doors_) door->add_metrics(all);
  return all;
}

std::uint64_t Doors::lost_packets() const {
  std::uint64_t lost = 0;
  for (const auto& door : doors_) lost += door->lost_packets();
  return lost;
}

void Doors::set_jack_alive(bool alive) {
  for (const auto& door : doors_) door->set_jack_alive(alive);
}

void Doors::open_on_jack() {
  for (const auto& door : doors_) door->open_on_jack();
}

void Doors::close_on_jack() {
  for (const auto& door : doors_) door->close_on_jack();
}

}  // namespace fohd
