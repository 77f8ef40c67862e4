// A helper of the scripts: a motor surface in JACK, as another program has one: two clients, NAME and NAME-in.
//   midi_surface NAME        reads commands from its input, a line each, and prints what was asked for:
//   fader N VALUE            says that fader N (1 to 9) was moved there (0 to 16383)
//   touch N 0|1              a hand comes or goes
//   press NOTE               a button, pressed and let go
//   where N                  prints where fader N was last sent: a number, or "nowhere"
//   led NOTE                 prints what its LED was last sent, or "dark"
//   text                     prints the display's two lines
//   bytes HEX...             says these bytes, as one message
//   sleep MS
#include <RtMidi.h>

#include <array>
#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Surface {
  std::mutex mutex;
  std::map<int, int> faders, leds;
  std::string text = std::string(112, ' ');

  static void hear(double, std::vector<unsigned char>* message, void* self_pointer) {
    auto& self = *static_cast<Surface*>(self_pointer);
    const std::vector<unsigned char>& m = *message;
    const std::lock_guard lock(self.mutex);
    if (m.size() == 3 && m[0] >> 4 == 0xE) self.faders[(m[0] & 0xF) + 1] = m[1] | m[2] << 7;
    if (m.size() == 3 && m[0] == 0x90) self.leds[m[1]] = m[2];
    if (m.size() > 8 && m[0] == 0xF0 && m[5] == 0x12) {
      for (std::size_t i = 7; i + 1 < m.size() && m[6] + i - 7 < self.text.size(); ++i) {
        self.text[m[6] + i - 7] = static_cast<char>(m[i]);
      }
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 3;
  Surface surface;
  const std::string name = argv[1];
  RtMidiIn in(RtMidi::UNIX_JACK, name + "-in");
  in.ignoreTypes(false, true, true);
  in.setCallback(Surface::hear, &surface);
  in.openVirtualPort("in");
  RtMidiOut out(RtMidi::UNIX_JACK, name);
  out.openVirtualPort("out");
  const auto say = [&](const std::vector<unsigned char>& message) { out.sendMessage(&message); };
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb;
    int a = 0, b = 0;
    words >> verb;
    if (verb == "bytes") {
      std::vector<unsigned char> message;
      for (unsigned byte = 0; words >> std::hex >> byte;) message.push_back(static_cast<unsigned char>(byte));
      say(message);
      continue;
    }
    words >> a >> b;
    const auto low = static_cast<unsigned char>(b & 0x7F), high = static_cast<unsigned char>(b >> 7 & 0x7F);
    if (verb == "fader") say({static_cast<unsigned char>(0xE0 + a - 1), low, high});
    if (verb == "touch")
      say({0x90, static_cast<unsigned char>(a == 9 ? 112 : 103 + a), static_cast<unsigned char>(b * 127)});
    if (verb == "press") {
      say({0x90, static_cast<unsigned char>(a), 127});
      say({0x90, static_cast<unsigned char>(a), 0});
    }
    if (verb == "sleep") std::this_thread::sleep_for(std::chrono::milliseconds(a));
    const std::lock_guard lock(surface.mutex);
    if (verb == "where") {
      const auto at = surface.faders.find(a);
      std::cout << (at == surface.faders.end() ? "nowhere" : std::to_string(at->second)) << std::endl;
    }
    if (verb == "led") std::cout << (surface.leds[a] == 0 ? "dark" : std::to_string(surface.leds[a])) << std::endl;
    if (verb == "text") std::cout << surface.text.substr(0, 56) << '|' << surface.text.substr(56) << std::endl;
  }
  return 0;
}
