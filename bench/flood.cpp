// One machine floods the desk, another sends requests: measures the time to the answers. Both are loopback addresses.
//   bench_flood OSC_PORT MESSAGES_PER_S SECONDS SET|PATTERN|RUBBISH
// MESSAGES_PER_S 0: as fast as one thread can. Prints the flood's real rate and the answers' times.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "control/osc/osc_packet.h"

namespace {

using namespace fohd;
using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::byte>;

int socket_of(const char* own, int port) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in here{}, there{};
  here.sin_family = there.sin_family = AF_INET;
  ::inet_pton(AF_INET, own, &here.sin_addr);
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  there.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool fine = ::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0 &&
                    ::connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
  return fine ? fd : -1;
}

template <class... Values>
Bytes message(const char* address, const Values&... values) {
  osc::MessageBuilder builder;
  (builder.add(values), ...);
  Bytes packet;
  builder.append_to(packet, address);
  return packet;
}

Bytes flood_message(const std::string& kind, std::uint64_t n) {
  const float value = -static_cast<float>(n % 60);
  if (kind == "PATTERN") return message("/ch/*/send/*/level", value);
  if (kind == "RUBBISH") return Bytes(1 + n % 400, static_cast<std::byte>(n * 37));
  return message(("/ch/" + std::to_string(n % 32 + 1) + "/fader").c_str(), value);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 3;
  const int port = std::atoi(argv[1]);
  const double per_s = std::atof(argv[2]), seconds = std::atof(argv[3]);
  const std::string kind = argv[4];
  const int flood = socket_of("127.0.0.2", port), victim = socket_of("127.0.0.3", port);
  if (flood < 0 || victim < 0) return std::perror("bench_flood"), 1;
  std::atomic<bool> stop{false};
  std::uint64_t sent = 0;
  std::thread flooder([&] {
    const auto begin = Clock::now();
    char answers[2048];
    while (!stop) {
      const double due = per_s > 0 ? per_s * std::chrono::duration<double>(Clock::now() - begin).count() : 1e18;
      for (int burst = 0; burst < 200 && static_cast<double>(sent) < due; ++burst, ++sent) {
        const Bytes packet = flood_message(kind, sent);
        ::send(flood, packet.data(), packet.size(), 0);
      }
      while (::recv(flood, answers, sizeof answers, MSG_DONTWAIT) > 0) {
      }
      if (static_cast<double>(sent) >= due) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  const auto begin = Clock::now();
  std::vector<double> times_ms;
  int unanswered = 0;
  const Bytes question = message("/main/name");
  while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds) {
    const auto asked = Clock::now();
    ::send(victim, question.data(), question.size(), 0);
    pollfd wanted{victim, POLLIN, 0};
    char answer[2048];
    if (::poll(&wanted, 1, 1000) == 1 && ::recv(victim, answer, sizeof answer, 0) > 0) {
      times_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
    } else {
      ++unanswered;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  stop = true;
  flooder.join();
  std::sort(times_ms.begin(), times_ms.end());
  const auto at = [&](double part) {
    return times_ms.empty() ? 0.0 : times_ms[static_cast<std::size_t>(part * static_cast<double>(times_ms.size() - 1))];
  };
  std::printf(
      "%s: %.0f messages/s from one address; %zu answers to another: median %.2f ms, 99 %% %.2f ms, longest %.2f ms, "
      "none %d\n",
      kind.c_str(), static_cast<double>(sent) / seconds, times_ms.size(), at(0.5), at(0.99), at(1), unanswered);
  return 0;
}
