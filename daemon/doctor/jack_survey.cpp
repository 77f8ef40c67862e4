// The JACK server, asked from a process of its own. libjack waits without limit for a server that hangs, and a thread
// in there cannot be ended; a process can. It writes its results into a pipe, line by line, "word number-or-text".
//
// A client that opens on a server that freewheels (a mix being bounced) makes it stand still for up to ten seconds.
// Only a client is notified of freewheeling, so it is not known beforehand; there is no live sound then.
#include <grp.h>
#include <jack/jack.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "daemon/doctor/probes.h"

namespace fohd::doctor {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kMeasure = 1s;
constexpr auto kLook = 50ms;  // twenty looks at the load: the highest of them counts

std::atomic<int> xruns{0};  // of the child's JACK thread and its main thread; lock-free

class Teller {
 public:
  explicit Teller(int fd) : fd_(fd) {}
  void tell(const std::string& word, const std::string& value) const {
    const std::string line = word + " " + value + "\n";
    [[maybe_unused]] const auto ignored =
        ::write(fd_, line.data(), line.size());  // no reader any more: nothing to do about it
  }
  void tell(const std::string& word, double value) const { tell(word, std::to_string(value)); }

 private:
  int fd_;
};

/// Full names of ports, and the alias of the first loudspeaker's without its port: the card.
void tell_ports(jack_client_t* client, const Teller& teller) {
  const auto ports = [&](const char* type, unsigned long flags, const auto& each) {
    const char** names = jack_get_ports(client, nullptr, type, flags);
    for (const char** name = names; names != nullptr && *name != nullptr; ++name) each(*name);
    if (names != nullptr) jack_free(names);
  };
  int playback = 0;
  std::string first;
  ports(JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput | JackPortIsPhysical, [&](const char* name) {
    if (playback++ == 0) first = name;
  });
  teller.tell("playback", playback);
  const jack_port_t* port = first.empty() ? nullptr : jack_port_by_name(client, first.c_str());
  std::vector<char> one(static_cast<std::size_t>(jack_port_name_size())), two(one.size());
  char* aliases[2] = {one.data(), two.data()};
  if (port != nullptr && jack_port_get_aliases(port, aliases) > 0) {
    const std::string alias = aliases[0];
    teller.tell("device", alias.substr(0, alias.rfind(':')));
  }
  ports(JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, [&](const char* name) { teller.tell("midi", name); });
}

/// The child: what it cannot report in time is left out.
[[noreturn]] void ask_server(const std::string& server, const Teller& teller) {
  jack_set_error_function([](const char*) {});
  jack_set_info_function([](const char*) {});
  jack_status_t status{};
  const auto flags = static_cast<jack_options_t>(JackNoStartServer | JackServerName);
  // Another name where this one is taken: two may ask at a time.
  jack_client_t* client = jack_client_open("fohd-doctor", flags, &status, server.c_str());
  if (client == nullptr) {
    teller.tell("none", status);
    ::_exit(0);
  }
  teller.tell("rate", jack_get_sample_rate(client));
  teller.tell("period", jack_get_buffer_size(client));
  teller.tell("realtime", jack_is_realtime(client));
  tell_ports(client, teller);
  // Without ports and a process callback it is activated only for the notification of xruns; the graph does not change.
  jack_set_xrun_callback(
      client,
      [](void*) {
        xruns.fetch_add(1, std::memory_order_relaxed);
        return 0;
      },
      nullptr);
  const bool told_of_xruns = jack_activate(client) == 0;
  const auto began = Clock::now();
  double highest = 0;
  while (Clock::now() - began < kMeasure) {
    std::this_thread::sleep_for(kLook);
    highest = std::max(highest, static_cast<double>(jack_cpu_load(client)));
  }
  teller.tell("load", highest);
  teller.tell("xruns", told_of_xruns ? xruns.load(std::memory_order_relaxed) : 0);
  teller.tell("measured", std::chrono::duration<double>(Clock::now() - began).count());
  jack_client_close(client);
  ::_exit(0);
}

void take(const std::string& line, JackSurvey& survey) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string::npos) return;
  const std::string word = line.substr(0, blank), value = line.substr(blank + 1);
  const double number = std::strtod(value.c_str(), nullptr);
  if (word == "none") survey.answer = JackSurvey::Answer::no_server;
  if (word == "rate") survey.answer = JackSurvey::Answer::answers, survey.rate_hz = static_cast<int>(number);
  if (word == "period") survey.period_frames = static_cast<int>(number);
  if (word == "realtime") survey.realtime = number != 0;
  if (word == "playback") survey.playback_ports = static_cast<int>(number);
  if (word == "device") survey.device = value;
  if (word == "midi") survey.midi_ports.push_back(value);
  if (word == "load") survey.load_percent = number;
  if (word == "xruns") survey.xruns = static_cast<int>(number);
  if (word == "measured") survey.measured = true, survey.measured_s = number;
}

/// Reads until the child has ended or the time is up. A child that ends without a line has no server either.
JackSurvey listen(int fd, Clock::time_point deadline) {
  JackSurvey survey;
  survey.answer = JackSurvey::Answer::silent;
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd event{fd, POLLIN, 0};
    if (left <= 0) break;
    const int ready = ::poll(&event, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size <= 0) {
      survey.answer = JackSurvey::Answer::no_server;
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  for (const std::string& line : lines_of(text)) take(line, survey);
  return survey;
}

/// Permanent. libjack finds a user's JACK server by the number of the process's user.
bool become(const Subject& user) {
  return ::setgroups(user.groups.size(), user.groups.data()) == 0 && ::setgid(user.group_id) == 0 &&
         ::setuid(user.user_id) == 0;
}

}  // namespace

JackSurvey survey_jack(const std::string& server, const Subject* as, int patience_ms) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(patience_ms);
  int pipe[2];
  if (::pipe(pipe) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    if (as != nullptr && !become(*as)) ::_exit(0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // Ctrl-C on us; a change of the user clears it, so after that
    ::close(pipe[0]);
    ask_server(server, Teller(pipe[1]));
  }
  ::close(pipe[1]);
  JackSurvey survey;
  if (child > 0) {
    survey = listen(pipe[0], deadline);
    ::kill(child, SIGKILL);  // it has ended, or never will by itself
    ::waitpid(child, nullptr, 0);
  }
  ::close(pipe[0]);
  return survey;
}

}  // namespace fohd::doctor
