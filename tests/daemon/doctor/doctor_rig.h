// A machine of paper for the checks of `fohd doctor`: a folder with the files of /proc, /sys and /etc that matter, and
// facts that nobody had to try.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>

#include "daemon/doctor/checks.h"
#include "tests/temporary_folder.h"

namespace fohd::test {

using namespace fohd::doctor;

/// A machine where all is well: everything that a test does not change is as a show wants it.
class Rig {
 public:
  Rig() {
    machine.root = folder_.path().string();
    machine.user_id = 1000;
    machine.user = "ada";
    machine.groups = {1000, 29};
    machine.cpus = 4;
    machine.simd_target = "NEON";
    machine.simd_lanes = 4;
    machine.config.audio.server = "stage";
    machine.realtime = {true, 95, false};
    machine.memory_lock = {true, -1};
    machine.jack = {JackSurvey::Answer::answers, 48000, 64, true, true, 12.5, 1.0, 0, 2, "alsa_pcm:hw:M4", {}};
    machine.addresses = {"192.168.1.20", "127.0.0.1"};
    machine.state = {"/home/ada/fohd", "/home/ada/fohd", true, false, false, 10'000'000'000};
    machine.clock = {true, 2026};
    put("/etc/group", "root:x:0:\naudio:x:29:bob,ada\n");
    put("/proc/version", "Linux version 6.12.1-rt (x) #1 SMP PREEMPT_RT");
    put("/proc/asound/cards", " 1 [M4             ]: USB-Audio - MOTU M4\n                      MOTU M4 at usb\n");
    put("/proc/sys/net/core/rmem_max", "16777216\n");
    put("/proc/swaps", "Filename Type Size Used Priority\n");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    put("/sys/class/thermal/thermal_zone0/temp", "45678\n");
    add_process(70, "jackd", "jackd -n stage -R -P 70 -d alsa -d hw:CARD=M4", 70);
  }

  void put(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = machine.root + path;
    std::filesystem::create_directories(file.parent_path());
    test::write_text(file, text);
  }

  /// With one thread; priority 0: an ordinary one.
  void add_process(int id, const std::string& name, std::string command, int priority) const {
    const std::string proc = "/proc/" + std::to_string(id);
    std::replace(command.begin(), command.end(), ' ', '\0');
    put(proc + "/comm", name + "\n");
    put(proc + "/cmdline", command + '\0');
    std::string fields = " S";                                // field 3
    for (int field = 4; field < 40; ++field) fields += " 7";  // what is not looked at
    fields += " " + std::to_string(priority) + (priority > 0 ? " 1" : " 0") + " 0";
    put(proc + "/task/" + std::to_string(id) + "/stat", std::to_string(id) + " (a) b)" + fields);
  }

  /// A UDP socket of process `id`; `address` as the kernel writes it.
  void add_socket(const std::string& address, int port, int id) const {
    char line[400];
    std::snprintf(line, sizeof line,
                  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
                  " 100: %s:%04X 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4711 2 0 0\n",
                  address.c_str(), static_cast<unsigned>(port));
    put(address.size() == 8 ? "/proc/net/udp" : "/proc/net/udp6", line);
    const std::filesystem::path fd = machine.root + "/proc/" + std::to_string(id) + "/fd";
    std::filesystem::create_directories(fd);
    std::filesystem::create_symlink("/dev/null", fd / "0");
    std::filesystem::create_symlink("socket:[4711]", fd / "5");
  }

  Finding operator()(Check check) const {
    const std::optional<Finding> finding = check(machine);
    REQUIRE(finding);
    UNSCOPED_INFO(finding->text << "\n" << finding->remedy);
    return *finding;
  }

  Machine machine;

 private:
  TemporaryFolder folder_;
};

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace fohd::test
