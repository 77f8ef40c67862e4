#include "daemon/disk/recorder.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "daemon/audio/realtime_guard.h"
#include "tests/daemon/disk/audio_rig.h"

namespace {

/// What the header of a file said of its length each time that it was forced onto the disk, and how long it was.
struct Sync {
  std::int64_t told_bytes, real_bytes;
};
thread_local std::vector<Sync>* syncs_of_this_thread = nullptr;  // other tests use other threads

}  // namespace

// Takes the place of the C library's in this program.
extern "C" int fdatasync(int fd) {
  std::uint32_t riff_bytes = 0;
  struct stat status {};
  if (syncs_of_this_thread != nullptr && ::pread(fd, &riff_bytes, sizeof riff_bytes, 4) == sizeof riff_bytes &&
      ::fstat(fd, &status) == 0) {
    syncs_of_this_thread->push_back({std::int64_t{riff_bytes} + 8, status.st_size});
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

using namespace fohd;
using namespace fohd::test;
using Catch::Matchers::Contains;
using State = RecorderStatus::State;

namespace {

std::uint64_t plenty(const std::filesystem::path&) { return 1'000'000'000'000U; }

RecorderOptions options_for(const std::filesystem::path& path, SampleFormat format = SampleFormat::float32) {
  RecorderOptions options;
  options.path = path;
  options.format = format;
  options.free_bytes = plenty;
  return options;
}

/// A mix whose samples tell where they are: left counts up, right counts down, steps of 24 bit.
struct CountingMix {
  std::vector<float> left, right;
  std::int64_t frame = 0;
  static float value(std::int64_t at) { return static_cast<float>(at % 4'000'000 + 1) * 0x1p-23f; }
  void push(Recorder& recorder, int frames) {
    left.resize(static_cast<std::size_t>(frames));
    right.resize(static_cast<std::size_t>(frames));
    for (std::size_t i = 0; i < left.size(); ++i, ++frame) {
      left[i] = value(frame);
      right[i] = -left[i];
    }
    recorder.push(left.data(), right.data(), frames);
  }
};

std::int64_t first_wrong_frame(const PlainAudio& audio, double tolerance) {
  for (std::size_t i = 0; i < audio.samples.size() / 2; ++i) {
    const double expected = static_cast<double>(CountingMix::value(static_cast<std::int64_t>(i)));
    if (std::abs(static_cast<double>(audio.samples[2 * i]) - expected) > tolerance) return static_cast<std::int64_t>(i);
    if (std::abs(static_cast<double>(audio.samples[2 * i + 1]) + expected) > tolerance)
      return static_cast<std::int64_t>(i);
  }
  return -1;
}

}  // namespace

TEST_CASE("recorder: what is pushed in blocks of any length stands in the file, sample for sample",
          "[daemon][recorder]") {
  const TemporaryFolder folder;
  struct Kind {
    const char* name;
    SampleFormat format;
    int sndfile_format;
    double tolerance;  // dither moves a sample by less than a step, rounding by half; shaping at 16 bits: 9.36 times
  };
  const Kind kinds[] = {{"f.wav", SampleFormat::float32, SF_FORMAT_FLOAT, 0},
                        {"i.wav", SampleFormat::int24, SF_FORMAT_PCM_24, 1.5 * 0x1p-23},
                        {"s.wav", SampleFormat::int16, SF_FORMAT_PCM_16, 1.5 * 9.362 * 0x1p-15},
                        {"i.flac", SampleFormat::int24, SF_FORMAT_PCM_24, 1.5 * 0x1p-23}};
  for (const Kind& kind : kinds) {
    CAPTURE(kind.name);
    Recorder recorder(options_for(folder / kind.name, kind.format));
    CountingMix mix;
    for (int turn = 0; turn < 40; ++turn) {
      for (int frames : {1, 7, 64, 100, 1024, 0, 4096}) mix.push(recorder, frames);
      recorder.service();
    }
    recorder.request_stop();
    recorder.service();
    CHECK(recorder.status().state == State::stopped);
    CHECK(recorder.status().frames == mix.frame);
    CHECK(recorder.lost_blocks() == 0);
    const PlainAudio audio = read_plain(folder / kind.name);
    CHECK((audio.info.format & SF_FORMAT_SUBMASK) == kind.sndfile_format);
    CHECK(audio.info.frames == mix.frame);
    CHECK(first_wrong_frame(audio, kind.tolerance) == -1);
  }
}

TEST_CASE("recorder: every 2 s, and at the end, a file with a true header is forced onto the disk",
          "[daemon][recorder]") {
  const TemporaryFolder folder;
  Recorder recorder(options_for(folder / "safe.wav", SampleFormat::int24));
  CountingMix mix;
  std::vector<Sync> syncs;
  syncs_of_this_thread = &syncs;
  std::size_t expected = 0;
  for (int second = 1; second <= 9; ++second) {
    for (int i = 0; i < 48; ++i) mix.push(recorder, 1000);
    recorder.service();
    if (second % 2 == 0) ++expected;
    CHECK(syncs.size() == expected);
  }
  recorder.request_stop();
  recorder.service();
  syncs_of_this_thread = nullptr;
  CHECK(syncs.size() == expected + 1);
  for (const Sync& sync : syncs) CHECK(sync.told_bytes == sync.real_bytes);
  CHECK(syncs.back().real_bytes == static_cast<std::int64_t>(std::filesystem::file_size(folder / "safe.wav")));
}

TEST_CASE("recorder: what was recorded is told with its peak and its clips", "[daemon][recorder]") {
  const TemporaryFolder folder;
  Recorder recorder(options_for(folder / "loud.wav", SampleFormat::int24));
  std::vector<float> left(1000, 0.25f), right(1000, -0.1f);
  left[3] = 1.0f, left[500] = 1.0f, right[999] = -1.0f;
  right[7] = std::nanf("");  // written as 0
  recorder.push(left.data(), right.data(), 1000);
  recorder.service();
  recorder.request_stop();
  recorder.service();
  CHECK(recorder.status().peak_lin == 1.0f);
  CHECK(recorder.status().clips == 3);

  Recorder quiet(options_for(folder / "quiet.wav"));
  left.assign(1000, 0.5f);
  quiet.push(left.data(), left.data(), 1000);
  quiet.request_stop();
  quiet.service();
  CHECK(quiet.status().peak_lin == 0.5f);
  CHECK(quiet.status().clips == 0);
}

TEST_CASE("recorder: the summary has the time in h:mm:ss and the peak in dBFS", "[daemon][recorder]") {
  RecorderStatus status;
  status.frames = 48000LL * 3723 + 47999;  // 1 h 2 min 3 s and nearly one more
  status.peak_lin = 0.5f;                  // 20 * log10(0.5) = -6.02
  CHECK(recording_summary("mix.wav", 48000, status, 0) ==
        "Recorded mix.wav: 1:02:03, peak -6.0 dBFS, 0 clipped samples, 0 lost blocks");
  status.frames = 44100LL * 59;
  status.peak_lin = 1.0f;
  status.clips = 1;
  CHECK(recording_summary("mix.wav", 44100, status, 12) ==
        "Recorded mix.wav: 0:00:59, peak 0.0 dBFS, 1 clipped sample, 12 lost blocks");
  status.peak_lin = 0.9999f;  // -0.0009 dB
  CHECK_THAT(recording_summary("mix.wav", 44100, status, 1), Contains("peak 0.0 dBFS") && Contains("1 lost block"));
  status.peak_lin = 0;
  status.frames = 192000LL * 360'000;  // a hundred hours
  CHECK_THAT(recording_summary("mix.wav", 192000, status, 0), Contains(": 100:00:00, silence,"));
  CHECK_THAT(recording_summary("mix.wav", 48000, RecorderStatus{}, 0), Contains("Nothing was recorded"));
}

TEST_CASE("recorder: a disk that is late by more than the ring costs counted blocks, and the time still fits",
          "[daemon][recorder]") {
  const TemporaryFolder folder;
  Recorder recorder(options_for(folder / "late.wav"));
  CountingMix mix;
  while (recorder.lost_blocks() == 0) mix.push(recorder, 1000);
  CHECK(mix.frame >= 5 * 48'000);  // what the ring promises
  mix.push(recorder, 1000);
  mix.push(recorder, 1000);
  CHECK(recorder.lost_blocks() == 3);
  const std::int64_t found_again = mix.frame, lost_from = found_again - 3000;
  recorder.service();
  mix.push(recorder, 1000);
  recorder.request_stop();
  recorder.service();
  CHECK(recorder.lost_blocks() == 3);
  const PlainAudio audio = read_plain(folder / "late.wav");
  REQUIRE(audio.info.frames == mix.frame);
  CHECK(first_wrong_frame(audio, 0) == lost_from);
  CHECK(audio.samples[static_cast<std::size_t>(2 * lost_from)] == 0.0f);
  CHECK(audio.samples[static_cast<std::size_t>(2 * found_again)] == CountingMix::value(found_again));
}

TEST_CASE("recorder: the audio side never allocates, not even when blocks are lost", "[daemon][recorder]") {
  const TemporaryFolder folder;
  Recorder recorder(options_for(folder / "a.wav"));
  const std::vector<float> block(4096);
  {
    const RealtimeSection section;  // a debug build aborts inside it on an allocation or a lock
    for (int i = 0; i < 200; ++i) recorder.push(block.data(), block.data(), 4096);
  }
  CHECK(recorder.lost_blocks() > 0);
}

TEST_CASE("recorder: a disk that does not say how much room it has is no full disk: that is told and recorded on",
          "[daemon][recorder]") {
  const TemporaryFolder folder;
  RecorderOptions options = options_for(folder / "a.wav");
  options.free_bytes = [](const auto&) -> std::uint64_t { throw FileError("no answer: Stale file handle"); };
  Recorder recorder(options);
  CountingMix mix;
  for (int second = 0; second < 5; ++second) {
    for (int i = 0; i < 48; ++i) mix.push(recorder, 1000);
    recorder.service();
  }
  CHECK(recorder.status().state == State::recording);
  CHECK_THAT(recorder.status().message, Contains("Stale file handle") && !Contains("MB left"));
  RecorderOptions missing = options_for(folder / "no/such/folder/a.wav");
  missing.free_bytes = nullptr;
  CHECK_THROWS_WITH(Recorder(missing), !Contains("MB left"));
}

TEST_CASE("recorder: recording ends cleanly before the disk is full and says why", "[daemon][recorder]") {
  const TemporaryFolder folder;
  std::uint64_t free = 250'000'000;
  RecorderOptions options = options_for(folder / "full.wav");
  options.free_bytes = [&](const auto&) { return free; };
  Recorder recorder(options);
  CountingMix mix;
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 48; ++i) mix.push(recorder, 1000);
    recorder.service();
  }
  CHECK(recorder.status().state == State::recording);
  free = 199'000'000;
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 48; ++i) mix.push(recorder, 1000);
    recorder.service();
  }
  CHECK(recorder.status().state == State::disk_full);
  CHECK_THAT(recorder.status().message, Contains("199 MB left") && Contains("200 MB are kept free"));
  const PlainAudio audio = read_plain(folder / "full.wav");
  CHECK(audio.info.frames == recorder.status().frames);
  CHECK(audio.info.frames >= 3 * 48'000);
  CHECK(first_wrong_frame(audio, 0) == -1);
  for (int i = 0; i < 1000; ++i) mix.push(recorder, 1000), recorder.service();
  CHECK(recorder.lost_blocks() == 0);  // after its end nothing is lost
}

TEST_CASE("recorder: a write that fails all the same ends it with the system's words and a playable file",
          "[daemon][recorder]") {
  const TemporaryFolder folder;
  Recorder recorder(options_for(folder / "big.wav"));
  CountingMix mix;
  // The kernel refuses to let any file of this process grow past 1 MB, as a full disk would.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1'000'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  for (int i = 0; i < 10; ++i) {
    mix.push(recorder, 48'000);
    recorder.service();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  CHECK(recorder.status().state == State::failed);
  CHECK_THAT(recorder.status().message, Contains("big.wav: cannot be written further") && Contains("File too large"));
  const PlainAudio audio = read_plain(folder / "big.wav");
  CHECK(audio.info.frames > 100'000);
  CHECK(first_wrong_frame(audio, 0) == -1);
}

TEST_CASE("recorder: a recording that cannot begin is refused with the reason", "[daemon][recorder]") {
  const TemporaryFolder folder;
  const auto message = [](const RecorderOptions& options) { return message_of([&] { Recorder recorder(options); }); };
  CHECK_THAT(message(options_for(folder / "none/mix.wav")), Contains("mix.wav") && Contains("none does not exist"));
  CHECK_THAT(message(options_for("/proc/mix.wav")), Contains("/proc/mix.wav: cannot be written"));
  std::filesystem::create_symlink("/dev/full", folder / "full.wav");
  CHECK_THAT(message(options_for(folder / "full.wav")),
             Contains("full.wav: cannot be written") && Contains("No space left"));
  CHECK_THAT(message(options_for(folder / "mix.mp3")), Contains("allowed endings: .wav and .flac"));
  CHECK_THAT(message(options_for(folder / "mix.flac")), Contains("FLAC has no float"));
  RecorderOptions full = options_for(folder / "mix.wav");
  full.free_bytes = [](const auto&) { return std::uint64_t{150'000'000}; };
  CHECK_THAT(message(full), Contains("mix.wav: cannot record") && Contains("150 MB left"));
  CHECK_FALSE(std::filesystem::exists(folder / "mix.wav"));
}

TEST_CASE("recorder: last night's recording is kept under another name", "[daemon][recorder]") {
  const TemporaryFolder folder;
  for (const char* night : {"first", "second"}) {
    write_text(folder / "mix.wav", night);
    Recorder recorder(options_for(folder / "mix.wav"));
    CHECK_THAT(recorder.status().message, Contains("the earlier mix.wav is now mix-"));
  }
  std::string first, second;
  std::getline(std::ifstream(folder / "mix-1.wav"), first);
  std::getline(std::ifstream(folder / "mix-2.wav"), second);
  CHECK(first == "first");
  CHECK(second == "second");
}

// Run by the test below in a process of its own: records in real time's manner, ten times as fast, until it is killed.
// It waits for a disk that is two seconds behind: a busy machine must not lose blocks, which is not what is tested
// here.
TEST_CASE("recorder: helper that records for ever", "[.recorder_child]") {
  const char* path = std::getenv("FOHD_TEST_RECORDING");  // NOLINT(concurrency-mt-unsafe)
  REQUIRE(path != nullptr);
  RecorderOptions options;
  options.path = path;
  auto recorder = std::make_shared<Recorder>(options);
  DiskThread disk;
  disk.add(recorder);
  CountingMix mix;
  for (std::int64_t frames = 0;;) {
    if (frames - recorder->status().frames < 2 * 48'000) {
      mix.push(*recorder, 4800);
      frames += 4800;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

TEST_CASE("recorder: kill -9 leaves a playable file that lacks two seconds at most", "[daemon][recorder]") {
  for (const char* name : {"mix.wav", "mix.flac"}) {
    CAPTURE(name);
    const TemporaryFolder folder;
    const std::filesystem::path path = folder / name;
    ::setenv("FOHD_TEST_RECORDING", path.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/proc/self/exe", "test_daemon", "[.recorder_child]", nullptr);
      ::_exit(1);
    }
    // 5 s of sound: 5 x 48,000 x 2 x 3 bytes; FLAC packs a count to less, so it is given the time of some refreshes.
    const std::uintmax_t enough = std::string(name) == "mix.wav" ? 1'440'000 : 300'000;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::error_code error;
    std::uintmax_t size = 0;
    while ((size = std::filesystem::file_size(path, error), error || size < enough) &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    const PlainAudio audio = read_plain(path);
    const auto frames = static_cast<std::int64_t>(audio.samples.size() / 2);
    CHECK(first_wrong_frame(audio, 1.5 * 0x1p-23) == -1);
    if (std::string(name) == "mix.wav") {
      const auto on_disk = static_cast<std::int64_t>(std::filesystem::file_size(path)) / 6;
      CHECK(frames > 0);
      CHECK(on_disk - frames <= 2 * 48'000 + 8192);  // a refresh is looked at after each portion of 8,192
      CHECK(audio.info.frames == frames);
    } else {
      CHECK(frames > 48'000);  // all whole FLAC blocks; its header cannot tell the length
    }
    // Our own reader takes both.
    CHECK(read_audio_file(path, 48'000).frames() == frames);
  }
}

TEST_CASE("recorder: a WAV that passes 4 GB becomes RF64, below it stays a plain WAV", "[daemon][recorder]") {
  // The way the header is made is libsndfile's, and so is this file: sparse, its first 4.3 GB a hole. The writer that
  // the recorder uses asks for the same format with the same downgrade.
  const TemporaryFolder folder;
  const auto marker = [](const std::filesystem::path& path) {
    std::string text(4, ' ');
    std::ifstream(path).read(text.data(), 4);
    return text;
  };
  AudioWriter writer(folder / "mix.wav", 48000, 2, SampleFormat::int24);
  writer.write(std::vector<float>(2 * 48'000, 0.5f));
  writer.refresh_header();
  CHECK(marker(folder / "mix.wav") == "RIFF");
  constexpr std::int64_t kFar = 720'000'000;  // frames of 6 bytes: 4.32 GB
  writer.skip_to_frame(kFar);
  writer.write(std::vector<float>(2 * 48'000, 0.25f));
  writer.refresh_header();
  CHECK(marker(folder / "mix.wav") == "RF64");

  SF_INFO info{};
  SNDFILE* file = sf_open((folder / "mix.wav").c_str(), SFM_READ, &info);  // as after kill -9: nobody closed it
  REQUIRE(file != nullptr);
  CHECK(info.frames == kFar + 48'000);
  REQUIRE(sf_seek(file, kFar + 100, SEEK_SET) == kFar + 100);
  float frame[2];
  CHECK(sf_readf_float(file, frame, 1) == 1);
  CHECK(frame[0] == Approx(0.25).margin(1e-6));
  sf_close(file);
}
