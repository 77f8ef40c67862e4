// Files that are broken in some hundred ways, for every loader of the desk: what is cut off, altered, of another kind,
// absurd, or no file at all.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fohd::test {

struct BrokenFile {
  std::string name;
  std::function<void(const std::filesystem::path&)> put;  ///< makes it where nothing is
  bool is_certain;                                        ///< no loader may take it; else it may happen to be whole
};
using BrokenFiles = std::vector<BrokenFile>;

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// What is no regular file, or one that is far too large.
inline void add_what_is_no_file(BrokenFiles& all) {
  namespace fs = std::filesystem;
  const auto add = [&all](const std::string& name, std::function<void(const fs::path&)> put) {
    all.push_back({name, std::move(put), true});
  };
  add("a pipe", [](const fs::path& path) { ::mkfifo(path.c_str(), 0644); });
  add("a folder", [](const fs::path& path) { fs::create_directory(path); });
  add("a folder with a file", [](const fs::path& path) {
    fs::create_directory(path);
    write_bytes(path / "in the way", "x");
  });
  add("a socket", [](const fs::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.string().size() >= sizeof address.sun_path) throw std::runtime_error("the folder's name is too long");
    std::strcpy(address.sun_path, path.c_str());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(socket);
  });
  for (const char* target : {"/dev/zero", "/dev/null", "/dev/full", "/dev/random", "/proc", "/nowhere/at/all", "."}) {
    add(std::string("a link to ") + target, [target](const fs::path& path) { fs::create_symlink(target, path); });
  }
  add("a link to itself", [](const fs::path& path) { fs::create_symlink(path.filename(), path); });
  add("a link through a file", [](const fs::path& path) { fs::create_symlink("/etc/passwd/x", path); });
  add("a link to a pipe", [](const fs::path& path) {
    ::mkfifo((path.string() + "-pipe").c_str(), 0644);
    fs::create_symlink(path.string() + "-pipe", path);
  });
  add("5 GB of nothing", [](const fs::path& path) {
    write_bytes(path, "");
    fs::resize_file(path, 5'000'000'000);
  });
  if (::geteuid() == 0) return;  // may read everything
  add("without rights", [](const fs::path& path) {
    write_bytes(path, "x");
    fs::permissions(path, fs::perms::none);
  });
}

/// Bytes that are no file of any format that the desk reads.
inline void add_garbage(BrokenFiles& all) {
  const auto add = [&all](const std::string& name, const std::string& bytes) {
    all.push_back({name, [bytes](const std::filesystem::path& path) { write_bytes(path, bytes); }, true});
  };
  for (const std::size_t size : {1, 7, 4096, 100'000}) add(std::to_string(size) + " zeros", std::string(size, '\0'));
  const std::pair<const char*, std::string> heads[] = {{"a program",
                                                        "\x7f"
                                                        "ELF\x02\x01\x01"},
                                                       {"gzip", "\x1f\x8b\x08"},
                                                       {"a picture", "\x89PNG\r\n\x1a\n"},
                                                       {"a PDF", "%PDF-1.7"},
                                                       {"HTML", "<!DOCTYPE html><html>"},
                                                       {"XML", "<?xml?>"},
                                                       {"half a header", "RIFF"},
                                                       {"JSON's null", "null"},
                                                       {"a closed bracket", "]"},
                                                       {"a brace", "}"},
                                                       {"a NUL in a text", std::string("{\"a\0\":1}", 8)}};
  for (const auto& [name, head] : heads) add(name, head);
  for (const char* piece : {"[", "{", "{\"values\":{\"/a\":", "[[", "(", "a=[", "\"", "'", "\\", "[a."}) {
    std::string nested;
    while (nested.size() < 200'000) nested += piece;
    add("200 kB of " + std::string(piece), nested);
  }
  add("a very long line", "x" + std::string(900'000, 'a'));
  add("a number of 100,000 digits", std::string(100'000, '9'));
  add("UTF-16", std::string("\xff\xfe{\0}\0", 6));
  add("UTF-32", std::string("\xff\xfe\0\0{\0\0\0}\0\0\0", 12));
  for (const char* bytes :
       {"\xe9t\xe9", "\xc0\x80", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xe2\x82", "\x80"}) {
    add("bytes that are no UTF-8: " + std::to_string(static_cast<unsigned char>(bytes[0])), bytes);
  }
  std::mt19937 random(20261130);
  for (int i = 0; i < 20; ++i) {
    std::string noise(1 + random() % 5000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    noise[0] = '\x01';  // no format begins so
    add("noise " + std::to_string(i), noise);
  }
}

/// `good` with something missing, altered or put in.
inline void add_damaged(BrokenFiles& all, const std::string& good) {
  const auto add = [&all](const std::string& name, const std::string& bytes) {
    all.push_back({name, [bytes](const std::filesystem::path& path) { write_bytes(path, bytes); }, false});
  };
  constexpr int kPlaces = 40;
  for (int i = 0; i < kPlaces; ++i) {
    const std::size_t at = good.size() * static_cast<std::size_t>(i) / kPlaces;
    const std::string place = " at byte " + std::to_string(at);
    std::string flipped = good, zeroed = good, doubled = good;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << i % 8));
    zeroed.replace(at, std::min<std::size_t>(16, good.size() - at), std::min<std::size_t>(16, good.size() - at), '\0');
    doubled.insert(at, good);
    add("cut off" + place, good.substr(0, at));
    add("a bit flipped" + place, flipped);
    add("zeros" + place, zeroed);
    add("put into itself" + place, doubled);
  }
  add("twice", good + good);
  add("with a byte order mark", "\xef\xbb\xbf" + good);
  add("with noise behind it", good + "\x01\x02\xff");
}

/// All of them; `odd`: texts of this format that make no sense, by name.
inline BrokenFiles broken_files(const std::string& good, const std::vector<std::pair<std::string, std::string>>& odd) {
  BrokenFiles all;
  add_what_is_no_file(all);
  add_garbage(all);
  add_damaged(all, good);
  for (const auto& [name, bytes] : odd) {
    all.push_back({name, [bytes = bytes](const std::filesystem::path& path) { write_bytes(path, bytes); }, true});
  }
  return all;
}

}  // namespace fohd::test
