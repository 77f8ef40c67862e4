// Whose desk `fohd doctor` judges, what it reads of it in /proc, and that what it says to do fits the package's
// services and a Raspberry Pi.
#include "daemon/doctor/subject.h"

#include <unistd.h>

#include <cstdlib>
#include <map>

#include "daemon/doctor/probes.h"
#include "daemon/doctor/remedies.h"
#include "tests/daemon/doctor/doctor_rig.h"

using namespace fohd::doctor;
using fohd::test::has;
using fohd::test::Rig;

namespace {

using Kind = Subject::Kind;

constexpr int kServicePid = 123, kOwnPid = 124;
constexpr uid_t kServiceUser = 998, kOwnUser = 1000;

/// systemctl's answer for the package's unit.
std::string unit_text(int main_process) {
  return "LoadState=loaded\nMainPID=" + std::to_string(main_process) +
         "\nUser=fohd\nSupplementaryGroups=audio\nLimitRTPRIOSoft=95\nLimitMEMLOCKSoft=infinity\n"
         "LimitRTTIMESoft=infinity\nEnvironment=JACK_NO_START_SERVER=1 JACK_NO_AUDIO_RESERVATION=1\n"
         "StateDirectory=fohd\nExecStart={ path=/usr/bin/fohd ; argv[]=/usr/bin/fohd run --config /etc/fohd/fohd.toml "
         "; "
         "ignore_errors=no ; pid=0 }\n";
}

/// A desk in /proc, by default with the service's rights.
struct Desk {
  int id = kServicePid;
  uid_t user = kServiceUser;
  std::string command = "/usr/bin/fohd run --config /etc/fohd/fohd.toml";
  std::string rtprio = "95", memlock = "unlimited", rttime = "unlimited";
  std::string capabilities = "0000000000000000";
  int locked_kb = 300 * 1024;
  std::string state = "/var/lib/fohd";
};

void add(const Rig& rig, const Desk& desk) {
  const std::string proc = "/proc/" + std::to_string(desk.id), user = std::to_string(desk.user);
  rig.add_process(desk.id, "fohd", desk.command, 65);
  rig.put(proc + "/status", "Name:\tfohd\nUid:\t" + user + "\t" + user + "\t" + user + "\t" + user + "\nGid:\t" + user +
                                "\t" + user + "\t" + user + "\t" + user + "\nGroups:\t29 998 \nVmLck:\t  " +
                                std::to_string(desk.locked_kb) + " kB\nCapEff:\t" + desk.capabilities + "\n");
  rig.put(proc + "/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max locked memory         " +
              desk.memlock +
              "            99            bytes     \n"
              "Max realtime priority     " +
              desk.rtprio +
              "                   99                   \n"
              "Max realtime timeout      " +
              desk.rttime + "            99            us        \n");
  const std::string state = "STATE_DIRECTORY=" + desk.state;
  rig.put(proc + "/environ", "JACK_NO_START_SERVER=1" + std::string(1, '\0') + state + std::string(1, '\0'));
  std::error_code ignored;
  std::filesystem::create_symlink("/srv/stage", rig.machine.root + proc + "/cwd", ignored);
}

Subject caller(uid_t id, const std::string& user) {
  Subject subject;
  subject.user_id = id;
  subject.user = user;
  return subject;
}
Subject root() { return caller(0, "root"); }
Subject ada() { return caller(kOwnUser, "ada"); }

/// The desk is judged as look_at_machine() does after it has chosen.
void judge(Rig& rig, Subject subject) {
  Machine& machine = rig.machine;
  machine.subject = std::move(subject);
  machine.user_id = machine.subject.user_id;
  machine.user = machine.subject.user;
  machine.groups = machine.subject.groups;
  if (!machine.subject.is_desk()) return;
  machine.realtime = realtime_of(machine.subject);
  machine.memory_lock = memory_lock_of(machine.subject);
}

/// The package's files.
void install(const Rig& rig) {
  rig.put("/lib/systemd/system/fohd-jack.service", "[Service]\n");
  rig.put("/lib/systemd/system/fohd.service", "[Service]\n");
  rig.put("/etc/default/fohd-jack", "#DEVICE=hw:CARD=MyInterface\nDEVICE=\nRATE=48000\n");
  rig.put("/etc/passwd",
          "root:x:0:0::/root:/bin/sh\nfohd:x:998:998::/var/lib/fohd:/bin/false\nada:x:1000:1000::/:/bin/sh\n");
}

}  // namespace

TEST_CASE("doctor: what a desk may do is read from its own files in /proc", "[daemon][doctor]") {
  const Rig rig;
  install(rig);
  add(rig, {});
  const Subject desk = subject_of(rig.machine, kServicePid);
  CHECK(desk.kind == Kind::desk);
  CHECK(desk.user_id == kServiceUser);
  CHECK(desk.group_id == kServiceUser);
  CHECK(desk.user == "fohd");
  CHECK(desk.groups == std::vector<gid_t>{29, 998, 998});
  CHECK(desk.rtprio == 95);
  CHECK(desk.memlock_bytes == -1);
  CHECK(desk.rttime_us == -1);
  CHECK(desk.locked_bytes == 300 << 20);
  CHECK(desk.environment == std::vector<std::string>{"JACK_NO_START_SERVER=1", "STATE_DIRECTORY=/var/lib/fohd"});
  CHECK(config_file_of(desk) == "/etc/fohd/fohd.toml");
  add(rig, {.id = kOwnPid,
            .command = "fohd run --config=desk.toml --osc-port 9100",
            .rtprio = "0",
            .memlock = "8388608",
            .rttime = "200000"});
  const Subject own = subject_of(rig.machine, kOwnPid);
  CHECK(config_file_of(own) == "/srv/stage/desk.toml");
  CHECK(argument_of(own, "--osc-port") == "9100");
  CHECK(argument_of(own, "--state-dir").empty());
  CHECK(own.memlock_bytes == 8 << 20);
  CHECK(own.rttime_us == 200000);
}

TEST_CASE("doctor: a process that has ended meanwhile tells nothing, and may do nothing", "[daemon][doctor]") {
  const Rig rig;
  const Subject gone = subject_of(rig.machine, 4711);
  CHECK(gone.arguments.empty());
  CHECK(config_file_of(gone).empty());
  CHECK_FALSE(realtime_of(gone).granted);
  CHECK_FALSE(memory_lock_of(gone).granted);
}

TEST_CASE("doctor: what systemd says of the unit is what the service will have", "[daemon][doctor]") {
  const Unit unit = parse_unit(unit_text(0));
  CHECK(unit.installed);
  CHECK(unit.main_process == 0);
  CHECK(unit.supplementary_groups == "audio");
  CHECK(unit.rights.user == "fohd");
  CHECK(unit.rights.rtprio == 95);
  CHECK(unit.rights.memlock_bytes == -1);
  CHECK(unit.rights.state_folder == "/var/lib/fohd");
  CHECK(unit.rights.environment.back() == "STATE_DIRECTORY=/var/lib/fohd");
  CHECK(config_file_of(unit.rights) == "/etc/fohd/fohd.toml");
  CHECK(realtime_of(unit.rights).granted);
  CHECK_FALSE(realtime_of(unit.rights).time_limited);
  CHECK(memory_lock_of(unit.rights).granted);
  CHECK_FALSE(parse_unit("LoadState=not-found\nMainPID=0\nUser=\n").installed);
  CHECK_FALSE(parse_unit("LoadState=masked\n").installed);
  CHECK_FALSE(parse_unit("").installed);                                               // no systemd
  CHECK(parse_unit("LimitRTTIMESoft=18446744073709551615\n").rights.rttime_us == -1);  // its older versions
}

TEST_CASE("doctor: root and the service's user look at the service's desk, others are told that they cannot",
          "[daemon][doctor]") {
  Rig rig;
  install(rig);
  add(rig, {});
  const Unit unit = parse_unit(unit_text(kServicePid));
  judge(rig, choose_subject(rig.machine, unit, root(), false));
  CHECK(rig.machine.subject.service);
  CHECK(headline(rig.machine) == "Looks at the desk that runs as user fohd (process 123).");
  CHECK(choose_subject(rig.machine, unit, caller(kServiceUser, "fohd"), false).process.id == kServicePid);
  // Its environment, where the kernel does not show it, is the unit's.
  std::filesystem::remove(rig.machine.root + "/proc/123/environ");
  CHECK(choose_subject(rig.machine, unit, caller(kServiceUser, "fohd"), false).environment == unit.rights.environment);

  judge(rig, choose_subject(rig.machine, unit, ada(), false));
  CHECK(rig.machine.subject.kind == Kind::visitor);
  CHECK(has(headline(rig.machine), "as user fohd (process 123), can be seen by root only: sudo fohd doctor"));
  for (const Check check : {check_realtime, check_memory_lock, check_audio_group, check_state_folder}) {
    CHECK_FALSE(check(rig.machine));  // what a login may do is nobody's concern
  }
  // With a configuration of her own she means a desk of her own.
  judge(rig, choose_subject(rig.machine, unit, ada(), true));
  CHECK(rig.machine.subject.kind == Kind::caller);
  CHECK(
      has(headline(rig.machine), "Looks at what ada may do; no desk of this user has UDP port 9000. What the service"));
  CHECK(check_realtime(rig.machine));
}

TEST_CASE("doctor: a desk in a terminal is looked at where the service has none, or its configuration is named",
          "[daemon][doctor]") {
  Rig rig;
  install(rig);
  add(rig, {});
  add(rig, {.id = kOwnPid, .user = kOwnUser, .command = "fohd run"});
  rig.add_socket("00000000", 9000, kOwnPid);
  const Unit none, stopped = parse_unit(unit_text(0)), runs = parse_unit(unit_text(kServicePid));
  const auto chosen = [&](const Unit& unit, const Subject& who, bool named) {
    rig.machine.subject = choose_subject(rig.machine, unit, who, named);
    return rig.machine.subject.process.id;
  };
  CHECK(chosen(none, root(), false) == kOwnPid);
  CHECK(headline(rig.machine) == "Looks at the desk that runs as user ada (process 124).");
  CHECK(chosen(none, ada(), false) == kOwnPid);
  CHECK(chosen(stopped, root(), false) == kOwnPid);
  CHECK(has(headline(rig.machine), "It is not the service's."));
  CHECK(chosen(runs, root(), false) == kServicePid);
  CHECK(chosen(runs, root(), true) == kOwnPid);
  CHECK(chosen(runs, ada(), false) == kOwnPid);  // the service's she may not see
  CHECK(chosen(none, caller(1001, "bob"), false) == 0);
  // Another program of that name is no desk.
  add(rig, {.id = kOwnPid, .user = kOwnUser, .command = "fohd render"});
  CHECK(chosen(none, root(), false) == 0);
}

TEST_CASE("doctor: a service that does not run is judged by its unit, and is to be started", "[daemon][doctor]") {
  Rig rig;
  install(rig);
  Unit unit = parse_unit(unit_text(0));
  unit.rights.user_id = kServiceUser;
  unit.rights.groups = {998, 29};
  judge(rig, choose_subject(rig.machine, unit, root(), false));
  CHECK(rig.machine.subject.kind == Kind::unit);
  CHECK(headline(rig.machine) ==
        "Looks at the service fohd, which does not run now, with the rights it would have as user fohd.");
  CHECK(has(rig(check_realtime).text, "The service may have threads with real-time priority 65."));
  CHECK(has(rig(check_memory_lock).text, "The service may lock its memory"));
  CHECK(rig(check_audio_group).level == Level::ok);
  CHECK(rig(check_port).level == Level::fail);
  CHECK(rig(check_port).remedy == "sudo systemctl start fohd");
  CHECK(choose_subject(rig.machine, unit, ada(), false).kind == Kind::visitor);
}

TEST_CASE("doctor: the desk's rights are judged, not those of who asks; a drop-in gives a service more",
          "[daemon][doctor]") {
  Rig rig;
  install(rig);
  const Unit unit = parse_unit(unit_text(kServicePid));
  const auto look = [&](const Desk& desk) {
    add(rig, desk);
    judge(rig, choose_subject(rig.machine, unit, root(), false));
  };
  look({});
  for (const Check check : {check_realtime, check_memory_lock, check_audio_group}) CHECK(rig(check).level == Level::ok);
  CHECK(has(rig(check_memory_lock).text, "300 MB"));
  CHECK_FALSE(has(rig(check_realtime).text, "You are root"));

  look({.rtprio = "0", .memlock = "8388608", .locked_kb = 0});
  CHECK(rig(check_realtime).level == Level::warn);
  CHECK(has(rig(check_realtime).text, "its limit is 0"));
  CHECK(has(rig(check_memory_lock).text, "not locked (its limit is 8192 KB)"));
  for (const Check check : {check_realtime, check_memory_lock}) {
    CHECK(has(rig(check).remedy, "/etc/systemd/system/fohd.service.d/zz-limits.conf"));
    CHECK(has(rig(check).remedy, "sudo systemctl restart fohd"));
    CHECK_FALSE(has(rig(check).remedy, "limits.d"));
  }
  look({.rttime = "200000"});
  CHECK(has(rig(check_realtime).text, "its time is limited"));
  CHECK(has(rig(check_realtime).remedy, "zz-limits.conf"));
  // CAP_SYS_NICE needs no limit; CAP_NET_ADMIN is looked for at the desk, whatever root has.
  look({.rtprio = "0", .capabilities = "0000000000800000"});
  CHECK(rig(check_realtime).level == Level::ok);
  rig.put("/proc/self/status", "CapEff:\t000001ffffffffff\n");
  rig.put("/proc/sys/net/core/rmem_max", "212992\n");
  CHECK(rig(check_receive_buffer).level == Level::warn);
  // A desk in a terminal: its user's limits.
  add(rig, {.id = kOwnPid, .user = kOwnUser, .command = "fohd run", .rtprio = "0"});
  rig.add_socket("00000000", 9000, kOwnPid);
  judge(rig, choose_subject(rig.machine, {}, root(), false));
  CHECK(has(rig(check_realtime).remedy, "limits.d"));
}

TEST_CASE("doctor: the desk's audio thread is the service's; one without priority though it may is a container's",
          "[daemon][doctor]") {
  Rig rig;
  install(rig);
  add(rig, {});
  rig.add_socket("00000000", 9000, kServicePid);
  rig.machine.desk = {true, "FOH", "0.1.0", 48000};
  judge(rig, choose_subject(rig.machine, parse_unit(unit_text(kServicePid)), root(), false));
  CHECK(has(rig(check_desk_realtime).text, "priority 65"));
  rig.add_process(kServicePid, "fohd", "fohd run", 0);
  CHECK(has(rig(check_desk_realtime).remedy, "cpu.rt_runtime_us"));
  rig.machine.desk = {};
  CHECK(rig(check_port).remedy == "sudo systemctl restart fohd");  // it hangs
}

TEST_CASE("doctor: no remedy starts or kills a JACK server by hand where the package has one", "[daemon][doctor]") {
  Rig rig;
  install(rig);
  add(rig, {});
  judge(rig, choose_subject(rig.machine, parse_unit(unit_text(kServicePid)), root(), false));
  const JackSurvey well = rig.machine.jack;
  std::map<std::string, Finding> bad;
  bad["missing"] = (rig.machine.jack = {}, rig(check_jack_server));
  CHECK(has(bad["missing"].text, "but as another user; so it is not the service's"));
  rig.put("/proc/70/comm", "bash");
  bad["none"] = rig(check_jack_server);
  CHECK(has(bad["none"].remedy, "journalctl -u fohd-jack"));
  rig.put("/etc/default/fohd-jack", "DEVICE=hw:CARD=M4\n");
  CHECK(has(rig(check_jack_server).remedy, "sudo systemctl restart fohd-jack"));
  rig.put("/etc/default/fohd-jack", "DEVICE=\"hw:CARD=Gone,DEV=0\"\n");
  bad["no card"] = rig(check_jack_server);
  CHECK(has(bad["no card"].text, "names hw:CARD=Gone,DEV=0, which is not there"));
  CHECK(has(bad["no card"].remedy,
            "sudoedit /etc/default/fohd-jack  # DEVICE=hw:CARD=M4\nsudo systemctl restart fohd-jack"));
  rig.machine.jack = well;
  rig.machine.jack.playback_ports = 0;
  bad["dummy"] = rig(check_jack_server);
  rig.machine.jack = well;
  rig.machine.jack.answer = JackSurvey::Answer::silent;
  bad["hangs"] = rig(check_jack_server);
  rig.machine.jack = well;
  rig.machine.jack.period_frames = 1024;
  bad["long"] = rig(check_jack_server);
  CHECK(has(bad["long"].remedy, "# PERIOD=128"));
  rig.machine.jack.xruns = 3;
  bad["late"] = rig(check_jack_load);
  CHECK(has(bad["late"].remedy, "# PERIOD=2048"));
  rig.machine.jack.realtime = false;
  bad["not real-time"] = rig(check_jack_realtime);
  rig.machine.jack.realtime = true;
  rig.add_process(70, "jackd", "jackd -n stage -R", 0);
  bad["refused"] = rig(check_jack_realtime);
  CHECK(has(bad["refused"].remedy, "/etc/systemd/system/fohd-jack.service.d/zz-limits.conf"));
  for (const auto& [name, finding] : bad) {
    CAPTURE(name, finding.text, finding.remedy);
    CHECK(finding.remedy.find("jackd -") == std::string::npos);
    CHECK(finding.remedy.find("jackd with") == std::string::npos);
    CHECK(finding.remedy.find("kill") == std::string::npos);
    CHECK(has(finding.remedy, "systemctl restart fohd-jack"));
  }
  // Who masked it has another server.
  std::filesystem::create_directories(rig.machine.root + "/etc/systemd/system");
  std::filesystem::create_symlink("/dev/null", rig.machine.root + "/etc/systemd/system/fohd-jack.service");
  rig.machine.jack.xruns = 1;
  CHECK(has(rig(check_jack_load).remedy, "your own JACK server"));
  rig.machine.jack = {};
  rig.put("/proc/70/comm", "bash");
  CHECK(has(rig(check_jack_server).remedy, "your own JACK server"));
}

TEST_CASE("doctor: the service's JACK server is closed to a visitor, which is no fault", "[daemon][doctor]") {
  Rig rig;
  install(rig);
  add(rig, {});
  rig.put("/proc/70/status", "Uid:\t998\t998\t998\t998\n");
  judge(rig, choose_subject(rig.machine, parse_unit(unit_text(kServicePid)), ada(), false));
  rig.machine.jack = {};
  CHECK(rig(check_jack_server).level == Level::note);
  CHECK(rig(check_jack_server).text == "jackd runs (process 70) as user fohd and lets in that user only.");
  CHECK(rig(check_jack_server).remedy == "sudo fohd doctor");
  // The service's own user is told nothing of others: that server comes or goes.
  judge(rig, choose_subject(rig.machine, parse_unit(unit_text(kServicePid)), root(), false));
  CHECK(has(rig(check_jack_server).text, "has just begun or is about to end"));
}

TEST_CASE("doctor: a folder that is closed to the service alone is opened in its unit", "[daemon][doctor]") {
  Rig rig;
  rig.machine.state = {"/srv/fohd/state", "/srv/fohd/state", false, true, true, 10'000'000'000};
  CHECK(rig(check_state_folder).level == Level::fail);
  CHECK(has(rig(check_state_folder).remedy, "ReadWritePaths=-/srv/fohd/state"));
}

TEST_CASE("doctor: the remedy for receive buffers neither hides the package's file nor grants less than it",
          "[daemon][doctor]") {
  Rig rig;
  rig.put("/proc/sys/net/core/rmem_max", "212992\n");
  rig.put("/proc/self/status", "CapEff:\t0000000000000000\n");
  CHECK_FALSE(has(rig(check_receive_buffer).remedy, "60-fohd.conf"));
  CHECK(has(rig(check_receive_buffer).remedy, "rmem_max=16777216"));
  rig.machine.config.osc.receive_buffer_bytes = 32 << 20;
  CHECK(has(rig(check_receive_buffer).remedy, "rmem_max=33554432"));
}

TEST_CASE("doctor: on a Raspberry Pi neither Debian's real-time kernel is advised nor its governor service forgotten",
          "[daemon][doctor]") {
  const std::map<std::string, std::string> signs = {
      {"/proc/device-tree/model", std::string("Raspberry Pi 5 Model B\0", 23)},
      {"/etc/rpi-issue", "Raspberry Pi reference 2023-12-05\n"},
      {"/etc/os-release", "NAME=\"Raspbian\"\nID=raspbian\nID_LIKE=debian\n"}};
  for (const auto& [file, text] : signs) {
    CAPTURE(file);
    const Rig rig;
    rig.put("/proc/version", "Linux version 6.1.0-13 (x) #1 SMP Debian");
    rig.put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n");
    rig.put("/etc/os-release", "ID=debian\n");
    CHECK(has(rig(check_kernel).remedy, "linux-image-rt"));
    CHECK_FALSE(has(rig(check_governor).remedy, "raspi-config"));
    rig.put(file, text);
    CHECK_FALSE(has(rig(check_kernel).remedy, "linux-image-rt"));
    CHECK(has(rig(check_governor).remedy, "sudo systemctl mask raspi-config"));
  }
}
