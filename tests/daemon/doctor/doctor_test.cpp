// The checks of `fohd doctor` on machines of paper (doctor_rig.h). Whose desk is judged: doctor_subject_test.cpp.
#include "daemon/doctor/checks.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "daemon/doctor/print.h"
#include "daemon/doctor/probes.h"
#include "tests/daemon/doctor/doctor_rig.h"

using namespace fohd;
using namespace fohd::doctor;
using test::has;
using test::Rig;
using test::TemporaryFolder;

TEST_CASE("doctor: a machine that is ready for a show has nothing to do", "[daemon][doctor]") {
  const Rig rig;
  const std::vector<Finding> findings = examine(rig.machine);
  for (const Finding& finding : findings) {
    CAPTURE(finding.title, finding.text);
    CHECK((finding.level == Level::ok || (finding.level == Level::note && finding.title == "Who may control")));
    CHECK(finding.remedy.empty());
  }
  CHECK(findings.size() >= 19);
  CHECK(exit_code(findings) == 0);
  CHECK(has(to_text(findings, false), "All is well.\n"));
}

TEST_CASE("doctor: a machine that tells nothing is judged without a crash", "[daemon][doctor]") {
  Machine machine;
  machine.root = "/does/not/exist";
  CHECK(exit_code(examine(machine)) == 2);  // no JACK server, a folder that cannot be written
}

TEST_CASE("doctor: every warning names what mends it", "[daemon][doctor]") {
  Machine machine;
  machine.root = "/does/not/exist";
  machine.user = "ada";
  machine.user_id = 1000;
  for (const Finding& finding : examine(machine)) {
    CAPTURE(finding.title, finding.text);
    if (finding.level >= Level::warn) CHECK_FALSE(finding.remedy.empty());
  }
}

TEST_CASE("doctor: refused real-time priority is told with its limit and the limits to give", "[daemon][doctor]") {
  Rig rig;
  rig.machine.realtime = {false, 0, false};
  CHECK(rig(check_realtime).level == Level::warn);
  CHECK(has(rig(check_realtime).text, "limit is 0"));
  CHECK(has(rig(check_realtime).remedy, "@audio - rtprio 95"));
  // The group has them: only the user is not in it.
  rig.put("/etc/security/limits.d/audio.conf", "@audio - rtprio 95\n");
  CHECK(has(rig(check_realtime).remedy, "usermod -aG audio ada"));
  rig.machine.user_id = 0;
  CHECK(has(rig(check_realtime).remedy, "CAP_SYS_NICE"));
  rig.machine.realtime = {true, 95, true};
  CHECK(rig(check_realtime).level == Level::warn);
  CHECK(has(rig(check_realtime).remedy, "LimitRTTIME"));
}

TEST_CASE("doctor: memory that cannot be locked is told with its limit", "[daemon][doctor]") {
  Rig rig;
  rig.machine.memory_lock = {false, 8 << 20};
  CHECK(rig(check_memory_lock).level == Level::warn);
  CHECK(has(rig(check_memory_lock).text, "8192 KB"));
  rig.machine.memory_lock = {false, -1};
  CHECK(has(rig(check_memory_lock).text, "limit is not the reason"));
}

TEST_CASE("doctor: who is not in the audio group is told how to get in, and whether a login is enough",
          "[daemon][doctor]") {
  Rig rig;
  rig.machine.groups = {1000};
  CHECK(rig(check_audio_group).remedy == "log out and in again");  // /etc/group has her already
  rig.machine.user = "eve";
  CHECK(rig(check_audio_group).level == Level::warn);
  CHECK(has(rig(check_audio_group).remedy, "sudo usermod -aG audio eve"));
  rig.machine.user_id = 0;
  CHECK(rig(check_audio_group).level == Level::ok);
  rig.put("/etc/group", "root:x:0:\n");
  CHECK(rig(check_audio_group).level == Level::note);
}

TEST_CASE("doctor: the kernel's preemption is read where it says so", "[daemon][doctor]") {
  Rig rig;
  const auto level_of = [&](const std::string& version) {
    rig.put("/proc/version", "Linux version 6.1.0-13 (x) #1 SMP " + version);
    return rig(check_kernel).level;
  };
  CHECK(level_of("PREEMPT Debian") == Level::ok);
  CHECK(level_of("Debian") == Level::warn);
  CHECK(has(rig(check_kernel).remedy, "linux-image-rt"));
  CHECK(level_of("PREEMPT_DYNAMIC Debian") == Level::note);
  CHECK(has(rig(check_kernel).text, "only root may see"));
  rig.machine.root_asks = true;  // about another user's desk
  CHECK_FALSE(has(rig(check_kernel).text, "only root may see"));
  rig.put("/proc/cmdline", "quiet preempt=full threadirqs");
  CHECK(level_of("PREEMPT_DYNAMIC Debian") == Level::ok);
  rig.put("/sys/kernel/debug/sched/preempt", "none (voluntary) full");  // weighs more than what was asked for
  CHECK(level_of("PREEMPT_DYNAMIC Debian") == Level::warn);
  CHECK(has(rig(check_kernel).remedy, "/etc/default/grub"));
  rig.put("/boot/firmware/cmdline.txt", "console=tty1");
  CHECK(has(rig(check_kernel).remedy, "/boot/firmware/cmdline.txt"));
  rig.put("/sys/kernel/realtime", "1");
  CHECK(level_of("PREEMPT_DYNAMIC Debian") == Level::ok);
}

TEST_CASE("doctor: CPUs that are not at full clock are named in their order", "[daemon][doctor]") {
  const Rig rig;
  CHECK(rig(check_governor).level == Level::ok);
  for (const char* cpu : {"cpu10", "cpu2", "cpu3"}) {
    rig.put("/sys/devices/system/cpu/" + std::string(cpu) + "/cpufreq/scaling_governor", "powersave\n");
  }
  CHECK(rig(check_governor).level == Level::warn);
  CHECK(has(rig(check_governor).text, "cpu2, cpu3 and cpu10 on \"powersave\""));
  CHECK(has(rig(check_governor).remedy, "scaling_governor"));
}

TEST_CASE("doctor: an engine without vector instructions is told", "[daemon][doctor]") {
  Rig rig;
  rig.put("/proc/device-tree/model", std::string("Raspberry Pi 4 Model B\0", 23));
  CHECK(has(rig(check_cpu).text, "Raspberry Pi 4 Model B, 4 cores. The engine computes with NEON, 4 channels"));
  rig.machine.simd_lanes = 1;
  CHECK(rig(check_cpu).level == Level::warn);
}

TEST_CASE("doctor: the Pi's throttling bits are told in words, now and since boot apart", "[daemon][doctor]") {
  Rig rig;
  CHECK_FALSE(check_power(rig.machine));  // no Pi
  const std::string file = "/sys/devices/platform/soc/soc:firmware/get_throttled";
  rig.put(file, "0\n");
  CHECK(rig(check_power).level == Level::ok);
  rig.put(file, "50005\n");
  CHECK(rig(check_power).level == Level::warn);
  CHECK(has(rig(check_power).text, "Now: the supply's voltage is too low and the CPU is slowed down."));
  CHECK(has(rig(check_power).text, "at some time: the supply's voltage is too low and the CPU is slowed down."));
  CHECK(has(rig(check_power).remedy, "power supply"));
  std::filesystem::remove(rig.machine.root + file);
  rig.machine.vcgencmd = "throttled=0x80000\n";
  CHECK_FALSE(has(rig(check_power).text, "Now"));
  CHECK(has(rig(check_power).text, "at some time: the CPU is near its temperature limit."));
  CHECK(has(rig(check_power).remedy, "fan"));
  rig.machine.vcgencmd = "VCHI initialization failed";
  CHECK_FALSE(check_power(rig.machine));
}

TEST_CASE("doctor: the hottest_zone zone decides", "[daemon][doctor]") {
  const Rig rig;
  CHECK(has(rig(check_temperature).text, "45 degrees"));
  rig.put("/sys/class/thermal/thermal_zone1/temp", "80000\n");
  rig.put("/sys/class/thermal/thermal_zone1/type", "cpu-thermal\n");
  CHECK(rig(check_temperature).level == Level::warn);
  CHECK(has(rig(check_temperature).text, "80 degrees C at most (cpu-thermal)"));
}

TEST_CASE("doctor: swap matters once it is used", "[daemon][doctor]") {
  const Rig rig;
  const std::string head = "Filename\tType\tSize\tUsed\tPriority\n";
  rig.put("/proc/swaps", head + "/var/swap file 102396 0 -2\n");
  CHECK(rig(check_swap).level == Level::ok);
  rig.put("/proc/swaps", head + "/var/swap file 102396 0 -2\n/dev/zram0 partition 1024 1 -3\n");
  CHECK(rig(check_swap).level == Level::warn);
  CHECK(has(rig(check_swap).text, "1 MB of 100 MB"));
}

TEST_CASE("doctor: a clock that was never set is a warning, one without a server is advice", "[daemon][doctor]") {
  Rig rig;
  rig.machine.clock = {false, 2026};
  CHECK(rig(check_clock).level == Level::note);
  CHECK(exit_code(std::vector<Finding>{rig(check_clock)}) == 1);
  rig.machine.clock = {false, 1970};
  CHECK(rig(check_clock).level == Level::warn);
}

TEST_CASE("doctor: without a JACK server it says how to have one, or which one runs", "[daemon][doctor]") {
  Rig rig;
  rig.machine.jack = {};
  CHECK(rig(check_jack_server).level == Level::fail);
  CHECK(has(rig(check_jack_server).text, "as another user"));  // jackd -n stage runs, but lets nobody in
  rig.add_process(70, "jackd", "jackd --name=other -d dummy -n 3", 0);
  CHECK(has(rig(check_jack_server).remedy, "server = \"other\""));
  rig.put("/proc/70/comm", "bash");
  CHECK(rig(check_jack_server).remedy == "jackd -n stage -R -P 70 -d alsa -d hw:CARD=M4 -r 48000 -p 64 &");
  rig.put("/proc/asound/cards", "--- no soundcards ---\n");
  CHECK(has(rig(check_jack_server).remedy, "plug an audio interface in"));
  CHECK_FALSE(check_jack_realtime(rig.machine));
  CHECK_FALSE(check_jack_load(rig.machine));
}

TEST_CASE("doctor: a JACK server that hangs, a stand-in, a long period and a shared name are told",
          "[daemon][doctor]") {
  Rig rig;
  CHECK(has(rig(check_jack_server).text, "48000 Hz with periods of 64 frames (1.3 ms) on alsa_pcm:hw:M4"));
  rig.machine.jack.period_frames = 1024;
  CHECK(rig(check_jack_server).level == Level::note);
  rig.add_process(70, "jackd", "jackd -n stage -d dummy", 70);
  CHECK(rig(check_jack_server).level == Level::warn);
  rig.machine.jack.answer = JackSurvey::Answer::silent;
  CHECK(rig(check_jack_server).level == Level::fail);
  CHECK(has(rig(check_jack_server).text, "does not answer"));
  CHECK(has(rig(check_jack_server).remedy, "kill -KILL 70"));
  rig.machine.config.audio.client = "stage";
  CHECK(has(rig(check_jack_server).text, "both called \"stage\""));
}

TEST_CASE("doctor: what a killed JACK server has left is told with what removes it", "[daemon][doctor]") {
  Rig rig;
  rig.machine.jack.answer = JackSurvey::Answer::silent;
  rig.put("/dev/shm/jack_db-1000/__db.001", "locked");
  rig.add_process(70, "bash", "bash", 0);  // no server runs
  CHECK(rig(check_jack_server).level == Level::fail);
  CHECK(has(rig(check_jack_server).text, "/dev/shm/jack_db-1000"));
  CHECK(rig(check_jack_server).remedy.starts_with("fohd clear-jack\njackd -n stage "));
  rig.machine.subject.kind = Subject::Kind::desk;  // of another user, and root asks
  rig.machine.root_asks = true;
  CHECK(rig(check_jack_server).remedy.starts_with("sudo -u ada fohd clear-jack\n"));
  rig.put("/lib/systemd/system/fohd-jack.service", "");
  CHECK(rig(check_jack_server).remedy == "sudo systemctl restart fohd-jack");
  // A server runs: it is the one that hangs, and then its database is to go as well.
  rig.machine.root_asks = false;
  std::filesystem::remove(rig.machine.root + "/lib/systemd/system/fohd-jack.service");
  rig.add_process(70, "jackd", "jackd -n stage -d dummy", 70);
  rig.put("/proc/70/status", "Name:\tjackd\nUid:\t1000\t1000\t1000\t1000\n");
  CHECK(has(rig(check_jack_server).text, "does not answer"));
  CHECK(rig(check_jack_server).remedy.starts_with("kill -KILL 70\nfohd clear-jack\n"));
}

TEST_CASE("doctor: a server that only believes it is real-time is found out", "[daemon][doctor]") {
  Rig rig;
  CHECK(has(rig(check_jack_realtime).text, "priority 70"));
  rig.add_process(70, "jackd", "jackd -n stage -R", 0);
  CHECK(has(rig(check_jack_realtime).text, "none of its threads"));
  rig.machine.jack.realtime = false;
  CHECK(has(rig(check_jack_realtime).remedy, "-R"));
  rig.machine.jack.realtime = true;
  rig.put("/proc/70/comm", "pipewire");
  CHECK(rig(check_jack_realtime).level == Level::ok);  // nobody to look at: its word is taken
}

TEST_CASE("doctor: drop-outs and a high load are warnings", "[daemon][doctor]") {
  Rig rig;
  CHECK(has(rig(check_jack_load).text, "12.5 % of a period at most in 1.0 s, and no drop-outs"));
  rig.machine.jack.measured = false;
  CHECK(rig(check_jack_load).level == Level::note);
  rig.machine.jack.measured = true;
  rig.machine.jack.load_percent = 71;
  CHECK(rig(check_jack_load).level == Level::warn);
  rig.machine.jack = {JackSurvey::Answer::answers, 48000, 64, true, true, 5, 1.0, 1, 2, "", {}};
  CHECK(rig(check_jack_load).level == Level::warn);
  CHECK(has(rig(check_jack_load).text, "1 drop-out."));
  CHECK(has(rig(check_jack_load).remedy, "-p 128"));
}

TEST_CASE("doctor: interfaces tell their rates and what runs", "[daemon][doctor]") {
  const Rig rig;
  CHECK(has(rig(check_interfaces).text, "M4 (MOTU M4): not in use."));
  rig.put("/proc/asound/card1/stream0", "Playback:\n    Rates: 44100, 48000\nCapture:\n    Rates: 88200, 192000\n");
  rig.put("/proc/asound/card1/pcm0c/sub0/hw_params", "closed\n");
  rig.put("/proc/asound/card1/pcm0p/sub0/hw_params",
          "access: MMAP_INTERLEAVED\nrate: 48000 (48000/1)\nperiod_size: 64\nbuffer_size: 192\n");
  CHECK(has(rig(check_interfaces).text, "USB, 44100 to 192000 Hz, runs at 48000 Hz, 3 periods of 64."));
  rig.put("/proc/asound/cards", " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n");
  CHECK(rig(check_interfaces).level == Level::warn);
  rig.put("/proc/asound/cards", "--- no soundcards ---\n");
  CHECK(has(rig(check_interfaces).text, "no sound card"));
}

TEST_CASE("doctor: MIDI devices are those that the desk would look at", "[daemon][doctor]") {
  Rig rig;
  rig.machine.jack.midi_ports = {"fohd:midi_out", "a2j:BCF2000"};
  CHECK(has(rig(check_midi).text, "Over JACK: a2j:BCF2000."));
  rig.machine.jack = {};
  CHECK(has(rig(check_midi).text, "not known without its server"));
  rig.put("/proc/asound/seq/clients",
          "Client info\n  cur  clients : 3\nClient   0 : \"System\" [Kernel]\n  Port   0 : \"Timer\" (Rwe-)\n"
          "Client  14 : \"Midi Through\" [Kernel]\nClient  20 : \"nanoKONTROL2\" [Kernel]\n");
  rig.put("/dev/snd/seq", "");
  CHECK(has(rig(check_midi).text, "Over ALSA: nanoKONTROL2."));
  rig.put("/proc/asound/seq/clients", "");
  CHECK(rig(check_midi).level == Level::ok);
  rig.machine.config.midi.surfaces = {{"both", {"x-touch"}}};
  CHECK(rig(check_midi).level == Level::warn);
  rig.machine.config.midi.api = MidiApi::alsa;
  std::filesystem::remove(rig.machine.root + "/dev/snd/seq");
  CHECK(has(rig(check_midi).remedy, "modprobe snd_seq"));
  rig.machine.config.midi.api = MidiApi::off;
  CHECK(rig(check_midi).level == Level::ok);
}

TEST_CASE("doctor: an address that nobody reaches is told", "[daemon][doctor]") {
  Rig rig;
  CHECK(has(rig(check_addresses).text, "192.168.1.20, UDP port 9000"));
  rig.machine.config.osc.address = "10.0.0.5";
  CHECK(rig(check_addresses).level == Level::fail);
  rig.machine.config.osc.address = "127.0.0.1";
  CHECK(rig(check_addresses).level == Level::ok);
  CHECK(has(rig(check_access).text, "Only programs on this machine"));
  rig.machine.config.osc.address = "0.0.0.0";
  CHECK(has(rig(check_access).text, "no password"));
  rig.machine.config.access.trust = Trust::approved;
  CHECK(has(rig(check_access).text, "lets in; others look."));
  rig.machine.config.access.keys = {{"foh", "open sesame!", {}}};
  CHECK(has(rig(check_access).text, "0 rules and 1 keys"));
  CHECK_FALSE(has(rig(check_access).text, "sesame"));
  rig.machine.addresses = {"127.0.0.1"};
  CHECK(rig(check_addresses).level == Level::warn);
  rig.machine.addresses = {"203.0.113.4"};
  CHECK(has(rig(check_addresses).text, "no address of a private network"));
}

TEST_CASE("doctor: the port is free, ours, or somebody else's, and then whose", "[daemon][doctor]") {
  Rig rig;
  CHECK(has(rig(check_port).text, "is free; no desk runs"));
  rig.add_process(81, "fohd", "fohd run --osc-port 9100", 0);
  CHECK(has(rig(check_port).text, "process 81 is a desk on another port"));
  rig.add_process(82, "socat", "socat UDP-LISTEN:9000 -", 0);
  rig.add_socket("00000000", 9000, 82);
  CHECK(rig(check_port).level == Level::fail);
  CHECK(has(rig(check_port).text, "socat (process 82: socat UDP-LISTEN:9000 -)"));
  CHECK(has(rig(check_port).remedy, "kill 82"));
  rig.machine.desk = {true, "FOH", "0.1.0", 48000};
  CHECK(rig(check_port).level == Level::ok);
  CHECK(has(rig(check_port).text, "\"FOH\", version 0.1.0, process 82, with audio."));
  rig.machine.config.desk = "Monitors";
  CHECK(rig(check_port).level == Level::note);
  std::filesystem::remove_all(rig.machine.root + "/proc/82");
  rig.machine.desk = {};
  CHECK(has(rig(check_port).text, "a program that only root may see"));
  CHECK(has(rig(check_port).remedy, "sudo ss"));
  rig.machine.config.osc.port = 9001;
  CHECK_FALSE(holder_of_port(rig.machine).held);
}

TEST_CASE("doctor: only sockets on the address that is wanted are in the way", "[daemon][doctor]") {
  Rig rig;
  char loopback[9];
  std::snprintf(loopback, sizeof loopback, "%08X", htonl(0x7F000001));
  rig.add_process(82, "socat", "socat", 0);
  rig.add_socket(loopback, 9000, 82);
  CHECK(holder_of_port(rig.machine).held);  // 0.0.0.0 wants all of them
  rig.machine.config.osc.address = "192.168.1.20";
  CHECK_FALSE(holder_of_port(rig.machine).held);
  rig.machine.config.osc.address = "127.0.0.1";
  CHECK(holder_of_port(rig.machine).process.id == 82);

  Rig six;
  six.add_process(83, "node", "node", 0);
  six.add_socket("00000000000000000000000000000000", 9000, 83);
  CHECK(holder_of_port(six.machine).process.id == 83);
}

TEST_CASE("doctor: a desk whose audio thread was refused its priority is found out", "[daemon][doctor]") {
  Rig rig;
  CHECK_FALSE(check_desk_realtime(rig.machine));
  rig.machine.desk = {true, "FOH", "0.1.0", 48000};
  rig.add_process(82, "fohd", "fohd run", 65);
  rig.add_socket("00000000", 9000, 82);
  CHECK(has(rig(check_desk_realtime).text, "priority 65"));
  rig.add_process(82, "fohd", "fohd run", 0);
  CHECK(rig(check_desk_realtime).level == Level::warn);
}

TEST_CASE("doctor: a receive buffer that the kernel cuts is told, unless this user may pass the limit",
          "[daemon][doctor]") {
  const Rig rig;
  rig.put("/proc/sys/net/core/rmem_max", "212992\n");
  rig.put("/proc/self/status", "Name: x\nCapEff:\t0000000000000000\n");
  CHECK(rig(check_receive_buffer).level == Level::warn);
  CHECK(has(rig(check_receive_buffer).remedy, "net.core.rmem_max=16777216"));
  rig.put("/proc/self/status", "CapEff:\t0000000000001000\n");
  CHECK(rig(check_receive_buffer).level == Level::ok);
}

TEST_CASE("doctor: a wrong configuration fails with its lines", "[daemon][doctor]") {
  Rig rig;
  rig.machine.config_file = "/etc/my desk.toml";
  rig.machine.config_errors = {{"/etc/my desk.toml", 3, 1, "`port` in [osc] must be 1 to 65535"}};
  CHECK(rig(check_config).level == Level::fail);
  CHECK(has(rig(check_config).text, "my desk.toml:3:1: `port`"));
  CHECK(has(rig(check_config).remedy, "fohd check-config '/etc/my desk.toml'"));
}

TEST_CASE("doctor: a configuration with keys is for its user alone", "[daemon][doctor]") {
  namespace fs = std::filesystem;
  Rig rig;
  CHECK_FALSE(check_config_rights(rig.machine));
  const TemporaryFolder folder;
  const auto level_of = [&](const std::string& text, unsigned mode) {
    rig.machine.config_file = (folder / "fohd.toml").string();
    test::write_text(rig.machine.config_file, text);
    fs::permissions(rig.machine.config_file, fs::perms(mode));
    return rig(check_config_rights).level;
  };
  CHECK(level_of("[osc]\nport = 9000\nmapping = 1 # a key\n", 0644) == Level::ok);
  CHECK(level_of("[access]\n  api_key = \"x\"\n", 0644) == Level::warn);
  CHECK(has(rig(check_config_rights).remedy, "chmod o-r"));
  CHECK(level_of("[access]\nkeys=[\"x\"]\n", 0640) == Level::ok);
  CHECK(level_of("# key = 1\n", 0646) == Level::warn);
}

TEST_CASE("doctor: a full, a read-only and a foreign state folder are told apart", "[daemon][doctor]") {
  Rig rig;
  CHECK(has(rig(check_state_folder).text, "10000 MB are free"));
  rig.machine.state.free_bytes = 199'999'999;  // recordings leave 200 MB
  CHECK(rig(check_state_folder).level == Level::warn);
  rig.machine.state.free_bytes = 0;
  CHECK(rig(check_state_folder).level == Level::fail);
  rig.machine.state = {"/data/fohd", "/data", false, true, false, 10'000'000'000};
  CHECK(has(rig(check_state_folder).remedy, "remount,rw"));
  rig.machine.state.read_only = false;
  CHECK(rig(check_state_folder).level == Level::fail);
  CHECK(rig(check_state_folder).remedy == "sudo install -d -o ada /data/fohd");
  rig.machine.state.nearest = "/data/fohd";
  CHECK(rig(check_state_folder).remedy == "sudo chown ada /data/fohd");
}

TEST_CASE("doctor: text keeps to 100 columns, commands stay whole, devices' names drive no terminal",
          "[daemon][doctor]") {
  const std::string command(150, 'x'), esc = "\033";
  std::string words;
  for (int i = 0; i < 60; ++i) words += "word ";
  const std::vector<Finding> findings = {{Level::ok, "Short", words + esc + "[2J", ""},
                                         {Level::fail, "A longer title", words, command + "\nthen that"}};
  const std::string text = to_text(findings, false);
  CHECK_FALSE(has(text, esc));
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    if (has(line, "do: x")) {
      CHECK(line == "      do: " + command);
    } else {
      longest = std::max(longest, line.size());
      CHECK(line.size() <= 100);
    }
  }
  CHECK(longest > 94);  // "word" and a blank would not have fitted
  CHECK(has(text, "OK    Short           word word"));
  CHECK(has(text, "FAIL  A longer title  word word"));
  CHECK(has(text, "do: then that\n"));
  CHECK(has(text, "1 thing keeps the show from working; 0 warnings."));
  CHECK(has(to_text(findings, true), esc + "[1;31mFAIL"));
  CHECK(to_paragraph(esc + "Looks at it.") == "?Looks at it.\n\n");
}

TEST_CASE("doctor: the exit code is the worst finding's; a note without anything to do is none", "[daemon][doctor]") {
  const Finding ok{Level::ok, "a", "b", ""}, note{Level::note, "a", "b", ""}, advice{Level::note, "a", "b", "c"},
      warn{Level::warn, "a", "b", ""}, fail{Level::fail, "a", "b", ""};
  CHECK(exit_code(std::vector<Finding>{ok, note}) == 0);
  CHECK(exit_code(std::vector<Finding>{ok, advice}) == 1);
  CHECK(exit_code(std::vector<Finding>{warn, ok}) == 1);
  CHECK(exit_code(std::vector<Finding>{fail, warn}) == 2);
}

TEST_CASE("doctor: the folder of the mix is looked at as far as it exists", "[daemon][doctor]") {
  const TemporaryFolder folder;
  const FolderRoom room = look_at_folder((folder / "a/b/").string());
  CHECK(room.folder == (folder / "a/b").string());
  CHECK(room.nearest == folder.path().string());
  CHECK(room.writable);
  CHECK(room.free_bytes > 0);
  CHECK(look_at_folder(folder.path().string() + "/").nearest == folder.path().string());
  CHECK(look_at_folder("/proc/no such").nearest == "/proc");
}

TEST_CASE("doctor: who does not answer on the port, or answers something else for ever, is no desk",
          "[daemon][doctor]") {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  OscConfig osc;
  osc.port = ntohs(address.sin_port);
  CHECK_FALSE(ask_desk(osc).answered);
  // The real tables know the socket and its owner.
  Machine machine;
  machine.config.osc = osc;
  CHECK(holder_of_port(machine).process.id == ::getpid());
  ::close(fd);
  CHECK_FALSE(ask_desk(osc).answered);
  CHECK_FALSE(holder_of_port(machine).held);
}

TEST_CASE("doctor: a JACK server that is not there is found missing at once", "[daemon][doctor]") {
  CHECK(survey_jack("fohd_no_such_server").answer == JackSurvey::Answer::no_server);
}
