#include "regesta/prompts.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <curl/curl.h>

namespace regesta {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;
using Answer = std::shared_ptr<const Prompt>;

constexpr std::size_t largestAnswer = 64 * 1024 * 1024;

std::string percentEncode(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    unsigned byte = static_cast<unsigned char>(c);
    ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
  return out;
}

std::string textOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// A number, or a SemVer with its three parts: 3, 1.4.2, 2.0.0-rc.1.
bool neverMoves(std::string_view selector) {
  std::string_view release = selector.substr(0, selector.find_first_of("-+"));
  bool plain = release.find_first_not_of("0123456789.") == std::string_view::npos;
  auto dots = std::count(release.begin(), release.end(), '.');
  return plain && !release.empty() && (dots == 2 || (dots == 0 && release.size() == selector.size()));
}

Answer read(std::string body, std::string etag) {
  boost::system::error_code failed;
  json::value parsed = json::parse(body, failed);
  const json::value* number = !failed && parsed.is_object() ? parsed.get_object().if_contains("version") : nullptr;
  if (!number || !number->is_int64()) throw PromptError(200, "the response is not a prompt: is this a Regesta server?");
  const json::object& object = parsed.get_object();
  auto prompt = std::make_shared<Prompt>();
  prompt->name = textOf(object, "name");
  prompt->version = number->get_int64();
  prompt->semver = textOf(object, "semver");
  prompt->type = textOf(object, "type");
  prompt->text = textOf(object, "template");
  if (const json::value* messages = object.if_contains("messages")) prompt->messages = json::serialize(*messages);
  prompt->variant = textOf(object, "variant");
  prompt->why = textOf(object, "why");
  prompt->json = std::move(body);
  prompt->etag = std::move(etag);
  return prompt;
}

/// What is said in the server's error, else its status.
std::string errorText(int status, const std::string& body) {
  boost::system::error_code failed;
  json::value parsed = json::parse(body, failed);
  if (!failed && parsed.is_object())
    if (const json::value* error = parsed.get_object().if_contains("error"); error && error->is_object())
      if (std::string message = textOf(error->get_object(), "message"); !message.empty()) return message;
  return "the server answers " + std::to_string(status);
}

/// One connection, kept open. Not thread-safe.
class Connection {
 public:
  Connection() : curl_(curl_easy_init()) {
    if (!curl_) throw PromptError(0, "libcurl cannot be started");
  }
  ~Connection() { curl_easy_cleanup(curl_); }
  Connection(const Connection&) = delete;

  struct Got {
    int status = 0;
    std::string body, etag;
  };
  Got get(const PromptClientOptions& options, const std::string& path, const std::string& etag) {
    Got got;
    std::string url = options.url + path;
    curl_slist* headers = nullptr;
    auto header = [&](const std::string& line) { headers = curl_slist_append(headers, line.c_str()); };
    if (!options.token.empty()) header("Authorization: Bearer " + options.token);
    if (!options.workspace.empty()) header("X-Regesta-Workspace: " + options.workspace);
    if (!etag.empty()) header("If-None-Match: " + etag);
    curl_easy_reset(curl_);
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &takeBody);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &got.body);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, &takeHeader);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &got.etag);
    CURLcode code = curl_easy_perform(curl_);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) throw PromptError(0, options.url + " cannot be reached: " + curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    got.status = static_cast<int>(status);
    return got;
  }

 private:
  static std::size_t takeBody(char* bytes, std::size_t, std::size_t count, void* into) {
    auto& body = *static_cast<std::string*>(into);
    if (body.size() + count > largestAnswer) return 0;
    body.append(bytes, count);
    return count;
  }
  static std::size_t takeHeader(char* bytes, std::size_t, std::size_t count, void* into) {
    constexpr std::string_view name = "etag:";
    std::string_view line(bytes, count);
    bool ours = line.size() > name.size();
    for (std::size_t i = 0; ours && i < name.size(); ++i) ours = (line[i] | 0x20) == (name[i] | 0x20);
    if (ours) {
      std::size_t first = line.find_first_not_of(" \t", name.size()), last = line.find_last_not_of(" \t\r\n");
      if (first <= last) *static_cast<std::string*>(into) = line.substr(first, last - first + 1);
    }
    return count;
  }
  CURL* curl_;
};

}  // namespace

struct PromptClient::State {
  struct Entry {
    Answer answer;
    Clock::time_point checked;  ///< when the server last said that it is so
    bool fixed = false;
    std::list<std::string>::iterator use;
  };
  PromptClientOptions options;
  std::mutex mutex;
  std::unordered_map<std::string, Entry> entries;  ///< by path
  std::list<std::string> uses;                     ///< used last stands first
  std::set<std::string> due;                       ///< to be fetched again in the background
  std::condition_variable wake;
  bool stopping = false;
  std::vector<std::unique_ptr<Connection>> idle;
  std::thread refresher;

  std::unique_ptr<Connection> connection() {
    std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Connection>();
    auto taken = std::move(idle.back());
    idle.pop_back();
    return taken;
  }

  Answer store(const std::string& path, Answer answer, bool fixed) {
    std::lock_guard lock(mutex);
    auto [found, fresh] = entries.try_emplace(path);
    if (fresh) found->second.use = uses.insert(uses.begin(), path);
    found->second.answer = answer;
    found->second.checked = Clock::now();
    found->second.fixed = fixed;
    if (entries.size() > options.mostAnswers && uses.size() > 1) {
      entries.erase(uses.back());
      uses.pop_back();
    }
    return answer;
  }

  /// From the server. Throws PromptError.
  Answer fetch(const std::string& path, const Answer& known, bool fixed) {
    auto line = connection();
    Connection::Got got = line->get(options, path, known ? known->etag : "");
    {
      std::lock_guard lock(mutex);
      idle.push_back(std::move(line));
    }
    if (got.status == 304 && known) return store(path, known, fixed);
    if (got.status != 200) throw PromptError(got.status, errorText(got.status, got.body));
    return store(path, read(std::move(got.body), std::move(got.etag)), fixed);
  }

  static Answer staleCopy(const Answer& answer) {
    auto copy = std::make_shared<Prompt>(*answer);
    copy->stale = true;
    return copy;
  }

  Answer get(const std::string& path, bool fixed) {
    Answer known;
    Clock::duration age{};
    {
      std::lock_guard lock(mutex);
      if (auto found = entries.find(path); found != entries.end()) {
        uses.splice(uses.begin(), uses, found->second.use);
        known = found->second.answer;
        age = Clock::now() - found->second.checked;
        if (found->second.fixed || age < options.freshFor) return known;
        if (age < options.refreshWithin) {
          due.insert(path);
          wake.notify_one();
          return known;
        }
      }
    }
    try {
      return fetch(path, known, fixed);
    } catch (const PromptError& error) {
      // What the server refuses or does not know is an answer; only its absence and its faults are covered up.
      bool covers = error.status == 0 || error.status >= 500;
      if (covers && known && age < options.staleIfError) return staleCopy(known);
      throw;
    }
  }

  void refresh() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stopping || !due.empty(); });
      if (stopping) return;
      std::string path = *due.begin();
      due.erase(due.begin());
      auto found = entries.find(path);
      if (found == entries.end() || Clock::now() - found->second.checked < options.freshFor) continue;
      Answer known = found->second.answer;
      lock.unlock();
      bool failed = false;
      try {
        fetch(path, known, false);
      } catch (const PromptError& error) {
        failed = error.status == 0 || error.status >= 500;
        if (!failed) forget(path);
      }
      lock.lock();
      if (failed) wake.wait_for(lock, options.freshFor, [&] { return stopping; });  // not again at once
    }
  }

  /// The server says no: the next call asks and hears it.
  void forget(const std::string& path) {
    std::lock_guard lock(mutex);
    if (auto found = entries.find(path); found != entries.end()) {
      uses.erase(found->second.use);
      entries.erase(found);
    }
  }
};

PromptClient::PromptClient(PromptClientOptions options) : state_(std::make_unique<State>()) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw PromptError(0, "libcurl cannot be started");
  while (!options.url.empty() && options.url.back() == '/') options.url.pop_back();
  state_->options = std::move(options);
  state_->refresher = std::thread([state = state_.get()] { state->refresh(); });
}

PromptClient::~PromptClient() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->refresher.join();
}

std::shared_ptr<const Prompt> PromptClient::get(std::string_view name, std::string_view alias, std::string_view key) {
  std::string path = "/api/v1/prompts/" + percentEncode(name) + "/resolve?alias=" + percentEncode(alias);
  if (!key.empty()) path += "&key=" + percentEncode(key);
  return state_->get(path, false);
}

std::shared_ptr<const Prompt> PromptClient::version(std::string_view name, std::string_view selector) {
  if (!neverMoves(selector))
    throw PromptError(400, "'" + std::string(selector) + "' is neither a number nor a SemVer; get() takes aliases and ranges");
  return state_->get("/api/v1/prompts/" + percentEncode(name) + "/versions/" + percentEncode(selector), true);
}

}  // namespace regesta
