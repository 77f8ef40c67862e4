#include "daemon/jack/jack_supervisor.h"

#include <spdlog/spdlog.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <map>
#include <thread>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/jack/connection_memory.h"
#include "daemon/jack/jack_leftovers.h"

namespace fohd {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// jackd answers a refused client_open at once; four tries a second find a restarted server before a person reaches
// the rack, and cost nothing that top would show.
constexpr auto kRetry = 250ms;
constexpr auto kHousekeeping = 100ms;
constexpr std::size_t kNamesInALine = 4;
constexpr const char* kEnded = "the JACK server has ended";

}  // namespace

class JackSupervisor::Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(asio::io_context& control, JackOptions options, MakeCore make_core, Listener listener)
      : control_(control),
        options_(std::move(options)),
        make_core_(std::move(make_core)),
        listener_(std::move(listener)),
        memory_(options_.connections, options_.remember),
        timer_(io_),
        bell_watch_(io_, ::dup(bell_.fd())),
        work_(asio::make_work_guard(io_)) {
    listening_.raise();
  }

  void run() {
    thread_ = std::thread([self = shared_from_this()] {
      self->watch_bell();
      self->begin();
      self->run_loop();
      self->client_.reset();
      self->old_client_.reset();
      self->ended_.set_value();
    });
  }

  template <class Work>
  void post(Work work) {
    asio::post(io_, std::move(work));
  }

  bool stop(int patience_ms) {
    if (!thread_.joinable()) return true;
    listening_.lower();
    io_.stop();
    if (ended_.get_future().wait_for(std::chrono::milliseconds(patience_ms)) != std::future_status::ready) {
      thread_.detach();
      return false;
    }
    thread_.join();
    return true;
  }

  void start() {
    if (client_ == nullptr || core_ == nullptr) return;
    if (!client_->activate(core_)) {
      lose(client_->lost_after_all() ? kEnded : "JACK does not let the client start");
      return;
    }
    name_ports();
    for (const PortPair& pair : memory_.wanted()) {
      if (restore(pair) && !memory_.is_rule(pair)) came_back_.push_back(pair);
    }
    if (client_->lost()) return lose(kEnded);
    JackNews news{JackNews::Kind::running, "", core_, client_->period_frames(), client_->realtime(), client_->device()};
    active_ = true;
    tell(std::move(news));
  }

  void set_pretty_names(std::vector<std::pair<std::string, std::string>> names) {
    wanted_names_ = std::move(names);
    if (active_) name_ports();
  }

  void follow_rules(const PortPairs& rules, bool remember) {
    memory_.follow(rules, remember);
    if (!active_) return;
    for (const PortPair& pair : rules) restore(pair);
  }

 private:
  void tell(JackNews news) {
    asio::post(control_, [self = shared_from_this(), news = std::move(news)]() mutable {
      if (self->listening_.raised()) self->listener_(std::move(news));
    });
  }

  void try_open() {
    std::vector<std::string> removed;
    std::string why = why_not_open_jack(options_.client.server, removed);
    for (const std::string& what : removed) log_of(EventKind::jack).warn("Removed {}", what);
    if (why.empty()) {
      note_database();  // it may not return
      client_ = JackClient::open(options_.client, bell_, why);
      note_database();  // it may have made one
    }
    if (client_ != nullptr) {
      try {
        core_ = make_core_(client_->rate_hz());
      } catch (const std::exception& error) {
        why = error.what();
        client_.reset();
      }
    }
    if (client_ == nullptr) {
      if (why != last_reason_) tell({JackNews::Kind::absent, why, nullptr, 0, false, ""});
      last_reason_ = why;
      after(kRetry, [this] { try_open(); });
      return;
    }
    last_reason_.clear();
    if (options_.open_others) options_.open_others();
    tell({JackNews::Kind::opened, "", core_, client_->period_frames(), client_->realtime(), client_->device()});
    after(kHousekeeping, [this] { housekeeping(); });
  }

  void note_database() {
    database_.back() = jack_database_number();
    database_.publish();
  }

  template <class Work>
  void after(std::chrono::milliseconds delay, Work work) {
    timer_.expires_after(delay);
    timer_.async_wait([self = shared_from_this(), work](const boost::system::error_code& failure) {
      if (failure) return;
      try {
        work();
      } catch (...) {
        self->after(kRetry, work);
        throw;
      }
    });
  }

  void begin() {
    after(0ms, [this] { try_open(); });
  }

  /// Memory can run out: that may not end the process that makes the sound.
  void run_loop() {
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& error) {
        log_of(EventKind::jack).error("Something was left out: {}. It is tried again", error.what());
      }
    }
  }

  void watch_bell() {
    bell_watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& failure) {
                             if (failure) return;
                             self->bell_.clear();
                             self->watch_bell();  // first: memory may run out below
                             self->look();
                           });
  }

  void housekeeping() {
    look();
    if (client_ == nullptr) return;
    tell_came_back();
    memory_.settle(now_ms());
    figures_.back() = {xruns_before_ + client_->xruns(), client_->load_percent(), client_->period_frames(),
                       client_->xruns() > 0 ? client_->xrun_delay_us() : 0};
    figures_.publish();
    after(kHousekeeping, [this] { housekeeping(); });
  }

  /// Everything that JACK's callbacks have left for us.
  void look() {
    if (client_ == nullptr) return;
    if (client_->lost()) return lose(kEnded);
    if (client_->rate_changed()) return lose("the JACK server has changed its sample rate");
    JackPortEvent event;
    while (client_->next_event(event)) handle(event);
    if (client_->take_overflow() && active_) {
      for (const PortPair& pair : client_->connections()) memory_.connected(pair);
      for (const PortPair& pair : memory_.wanted()) {
        if (restore(pair)) came_back_.push_back(pair);
      }
    }
  }

  void handle(const JackPortEvent& event) {
    const std::string first = client_->short_name(event.first.data()),
                      second = client_->short_name(event.second.data());
    const auto ours = [](const std::string& name) { return name.find(':') == std::string::npos; };
    switch (event.kind) {
      case JackPortEvent::Kind::port_appeared:
        if (active_ && !ours(first)) {
          for (const PortPair& pair : memory_.wanted_with(first)) {
            if (restore(pair)) came_back_.push_back(pair);
          }
        }
        break;
      case JackPortEvent::Kind::port_vanished:
        memory_.port_vanished(first);
        break;
      case JackPortEvent::Kind::connected:
        if (ours(first) || ours(second)) memory_.connected({first, second});
        break;
      case JackPortEvent::Kind::disconnected:
        if (ours(first) || ours(second)) memory_.disconnected({first, second}, now_ms());
        break;
    }
  }

  /// True if it was not there and is now.
  bool restore(const PortPair& pair) {
    const std::string from = client_->full_name(pair.from), to = client_->full_name(pair.to);
    if (!client_->port_exists(from) || !client_->port_exists(to)) return false;
    const JackClient::Connected result = client_->connect(pair);
    if (result != JackClient::Connected::refused) return result == JackClient::Connected::now;
    if (!client_->lost_after_all()) log_of(EventKind::jack).warn("JACK refused to connect {} to {}", from, to);
    return false;
  }

  /// A port of that name may belong to another program than the one that somebody connected. In one line for all ports
  /// that a program has brought.
  void tell_came_back() {
    if (came_back_.empty()) return;
    const auto tell = [this](bool rules, const char* why) {
      std::string names;
      std::size_t count = 0;
      for (const PortPair& pair : came_back_) {
        if (memory_.is_rule(pair) != rules || ++count > kNamesInALine) continue;
        names += (names.empty() ? "" : ", ") + client_->full_name(pair.from) + " to " + client_->full_name(pair.to);
      }
      if (count > kNamesInALine) names += " and " + std::to_string(count - kNamesInALine) + " more";
      if (count > 0) log_of(EventKind::jack).info("Connected again: {} ({})", names, why);
    };
    tell(true, "the configuration asks for it");
    tell(false, "made by hand before; `remember = false` in [audio] ends that");
    came_back_.clear();
  }

  void name_ports() {
    for (const auto& [port, name] : wanted_names_) {
      std::string& shown = shown_names_[port];
      if (shown == name) continue;
      client_->set_pretty_name(port, name);
      shown = name;
    }
  }

  /// Closing a client makes libjack cancel its threads wherever they are. Once the server has ended they come to rest
  /// within a period, and a thread at rest ends cleanly; so a client without server is closed only with the next try.
  void lose(const std::string& why) {
    timer_.cancel();
    memory_.server_vanished();
    xruns_before_ += client_->xruns();
    old_client_ = std::move(client_);
    if (!old_client_->lost()) old_client_.reset();  // the server lives and puts the threads to rest itself
    core_.reset();
    shown_names_.clear();
    came_back_.clear();
    active_ = false;
    tell({JackNews::Kind::lost, why, nullptr, 0, false, ""});
    after(kRetry, [this] {
      if (options_.close_others) options_.close_others();
      old_client_.reset();
      try_open();
    });
  }

  asio::io_context& control_;
  JackOptions options_;
  MakeCore make_core_;
  Listener listener_;
  EventFd bell_;
  asio::io_context io_{1};
  ConnectionMemory memory_;
  std::vector<PortPair> came_back_;  ///< made by us since the log told of them last
  std::shared_ptr<AudioCore> core_;
  std::unique_ptr<JackClient> client_;
  std::unique_ptr<JackClient> old_client_;  ///< of a server that has ended, for kRetry
  asio::steady_timer timer_;
  asio::posix::stream_descriptor bell_watch_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
  std::promise<void> ended_;
  Flag listening_;
  std::vector<std::pair<std::string, std::string>> wanted_names_;
  std::map<std::string, std::string> shown_names_;
  std::string last_reason_;
  std::uint32_t xruns_before_ = 0;
  bool active_ = false;

 public:
  Latest<JackFigures> figures_;     ///< written here, read by the control thread
  Latest<std::uint64_t> database_;  ///< jack_database_number() of what libjack has open; as above
  Flag answers_;                    ///< heartbeats, one for each question of silent_s()
};

JackSupervisor::JackSupervisor(asio::io_context& control, JackOptions options, MakeCore make_core, Listener listener)
    : worker_(std::make_shared<Worker>(control, std::move(options), std::move(make_core), std::move(listener))) {
  worker_->run();
}

JackSupervisor::~JackSupervisor() { worker_->stop(1000); }

void JackSupervisor::start() {
  worker_->post([worker = worker_] { worker->start(); });
}

void JackSupervisor::set_pretty_names(std::vector<std::pair<std::string, std::string>> names) {
  worker_->post([worker = worker_, names = std::move(names)]() mutable { worker->set_pretty_names(std::move(names)); });
}

void JackSupervisor::follow_rules(PortPairs rules, bool remember) {
  worker_->post([worker = worker_, rules = std::move(rules), remember] { worker->follow_rules(rules, remember); });
}

int JackSupervisor::silent_s() {
  if (worker_->answers_.count() != asked_) return ++silent_s_;
  ++asked_;
  worker_->post([worker = worker_] { worker->answers_.beat(); });
  return silent_s_ = 0;
}

bool JackSupervisor::database_is_gone() noexcept {
  const std::uint64_t open = worker_->database_.read();
  return open != 0 && open != jack_database_number();
}

const JackFigures& JackSupervisor::figures() noexcept { return worker_->figures_.read(); }
bool JackSupervisor::stop(int patience_ms) { return worker_->stop(patience_ms); }

}  // namespace fohd
