// A helper of crash_test.sh: rides a fader over OSC, then kills the desk in the middle of it.
//   ride_and_kill PORT PID MILLISECONDS FIRST_STEP
// sends /ch/1/fader every 20 ms, step n being -80 + n/100 dB, beginning with FIRST_STEP; after MILLISECONDS kill -9.
// Prints a line per step: its number and how many seconds before the kill it was sent.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void send_fader(int socket, float level_db) {
  char packet[24] = "/ch/1/fader";  // 12 bytes with its zero, ",f" and two zeros behind it, then the float
  packet[12] = ',';
  packet[13] = 'f';
  const std::uint32_t big_endian = htonl(std::bit_cast<std::uint32_t>(level_db));
  std::memcpy(packet + 16, &big_endian, sizeof big_endian);
  [[maybe_unused]] const auto sent = ::send(socket, packet, 20, 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 3;
  sockaddr_in desk{};
  desk.sin_family = AF_INET;
  desk.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  desk.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&desk), sizeof desk) != 0) return 1;
  const pid_t victim = std::atoi(argv[2]);
  if (victim <= 1) return 3;
  const auto end = Clock::now() + std::chrono::milliseconds(std::atoi(argv[3]));
  const int first = std::atoi(argv[4]);
  std::vector<Clock::time_point> sent;
  do {
    sent.push_back(Clock::now());
    send_fader(socket, -80.0f + 0.01f * static_cast<float>(first + static_cast<int>(sent.size()) - 1));
    std::this_thread::sleep_until(std::min(end, sent.back() + std::chrono::milliseconds(20)));
  } while (Clock::now() < end);
  if (::kill(victim, SIGKILL) != 0) return 1;
  const auto killed = Clock::now();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const double before_s = std::chrono::duration<double>(killed - sent[i]).count();
    std::printf("%d %.3f\n", first + static_cast<int>(i), before_s);
  }
  ::close(socket);
  return 0;
}
