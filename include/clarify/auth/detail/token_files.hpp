// SPDX-License-Identifier: BSL-1.0
// Tokens in files of one folder, for the processes of one user. Blocks.

#ifndef CLARIFY_AUTH_DETAIL_TOKEN_FILES_HPP
#define CLARIFY_AUTH_DETAIL_TOKEN_FILES_HPP

#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/detail/encoding.hpp>
#include <clarify/core/detail/private_file.hpp>

#include <boost/system/error_code.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace clarify::detail {

/// The text of a file with a token, of one line each: what it is, whose, when it was issued
/// (microseconds since 1970), how long it lives (seconds), the token, and that it ends here.
class TokenText {
public:
    static constexpr std::string_view first_line = "clarify token 1";
    static constexpr std::string_view last_line = "end";
    static constexpr std::size_t most = std::size_t{128} << 10U;

    /// A name for the files of a key; two keys may have the same, though hardly ever.
    static std::string name_of(const TokenKey& key) {
        // FNV-1a.
        std::uint64_t hash = 14695981039346656037U;
        for (const char c : line_of(key))
            hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
        std::array<char, 16> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16);
        return "token-" + std::string{digits.data(), end.ptr};
    }

    /// In one piece, so that growing leaves no copy of the token behind.
    static Secret write(const TokenKey& key, const StoredToken& token) {
        using std::chrono::duration_cast;
        using std::chrono::microseconds;
        const std::string head = std::string{first_line} + '\n' + line_of(key) + '\n' +
            std::to_string(duration_cast<microseconds>(token.issued.time_since_epoch()).count()) +
            '\n' + std::to_string(token.lifetime.count()) + '\n';
        std::string text;
        text.reserve(head.size() + token.token.size() + last_line.size() + 2);
        text += head;
        text += token.token.expose();
        text += '\n';
        text += last_line;
        text += '\n';
        return Secret{std::move(text)};
    }

    /// Nothing unless it is a whole file of this very key.
    static std::optional<StoredToken> read(const TokenKey& key, std::string_view text) {
        if (!text.ends_with('\n')) return std::nullopt;
        const auto line = [&text] {
            const std::size_t end = (std::min)(text.find('\n'), text.size());
            const std::string_view out = text.substr(0, end);
            text.remove_prefix((std::min)(end + 1, text.size()));
            return out;
        };
        if (line() != first_line || line() != line_of(key)) return std::nullopt;
        const std::optional<std::int64_t> issued = number(line());
        const std::optional<std::int64_t> lifetime = number(line());
        const std::string_view token = line();
        if (line() != last_line || !text.empty() || !issued || !lifetime) return std::nullopt;
        // A century; what is beyond is not a time that this could have written.
        constexpr std::int64_t most_seconds = std::int64_t{100} * 366 * 86'400;
        const bool is_time = *issued >= 0 && *issued / 1'000'000 <= most_seconds && *lifetime > 0 &&
            *lifetime <= most_seconds;
        if (!is_time || !BearerToken::is_token(token)) return std::nullopt;
        StoredToken out;
        out.token = Secret{token};
        out.issued = std::chrono::system_clock::time_point{
            std::chrono::duration_cast<std::chrono::system_clock::duration>(
                std::chrono::microseconds{*issued})};
        out.lifetime = std::chrono::seconds{*lifetime};
        return out;
    }

    /// The key in one line.
    static std::string line_of(const TokenKey& key) {
        std::string out;
        for (const std::string* each :
             {&key.token_url, &key.client_id, &key.audience, &key.scope}) {
            append_form_value(out, *each);
            out += '&';
        }
        return out;
    }

private:
    static std::optional<std::int64_t> number(std::string_view text) {
        std::int64_t value = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    }
};

/// A descriptor that is closed in time.
class TokenFile {
public:
    explicit TokenFile(int descriptor) noexcept : descriptor_(descriptor) {}
    TokenFile(const TokenFile&) = delete;
    TokenFile& operator=(const TokenFile&) = delete;
    ~TokenFile() { close(); }

    explicit operator bool() const noexcept { return descriptor_ >= 0; }
    int get() const noexcept { return descriptor_; }
    int close() noexcept { return descriptor_ >= 0 ? ::close(std::exchange(descriptor_, -1)) : 0; }

private:
    int descriptor_;
};

/** The files: one with the token, which is replaced as a whole, and one to lock, which stays.

    Whoever reads finds a whole token or none. The lock is the system's (`flock`) and ends with its
    holder. A file counts as none that is empty, cut, of another user, readable by others, a link or of
    another key; the next token takes its place.

    @par Thread safety
    Safe.
*/
class TokenFiles {
public:
    explicit TokenFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    const std::filesystem::path& folder() const noexcept { return folder_; }

    Result<std::optional<StoredToken>> read(const TokenKey& key) const {
        const std::string path = path_of(key);
        const TokenFile file{::open(path.c_str(), O_RDONLY | always)};
        if (!file) {
            // A link is no token, and a folder that is not there has none.
            if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)
                return std::optional<StoredToken>{};
            return failed(path, "cannot be read");
        }
        if (!is_private(file.get())) return std::optional<StoredToken>{};
        std::string text;
        text.resize(TokenText::most);
        std::size_t size = 0;
        while (size != text.size()) {
            const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) {
                const Error error = failed(path, "cannot be read");
                Secret::wipe(text);
                return error;
            }
            if (got == 0) break;
            size += static_cast<std::size_t>(got);
        }
        auto token = TokenText::read(key, std::string_view{text}.substr(0, size));
        Secret::wipe(text);
        return token;
    }

    /// Null where somebody has it.
    Result<TokenLease> try_lock(const TokenKey& key) const {
        if (const Result<void> made = make_folder(); !made) return made.error();
        const std::string path = path_of(key) + ".lock";
        auto file = std::make_shared<TokenFile>(
            ::open(path.c_str(), O_RDWR | O_CREAT | always, S_IRUSR | S_IWUSR));
        if (!*file) return failed(path, "cannot be opened");
        if (!is_own(file->get())) {
            errno = 0;
            return failed(path, "belongs to somebody else, or is not a file");
        }
        int outcome = 0;
        do {
            outcome = ::flock(file->get(), LOCK_EX | LOCK_NB);
        } while (outcome != 0 && errno == EINTR);
        if (outcome == 0) return TokenLease{std::move(file)};
        if (errno == EWOULDBLOCK) return TokenLease{};
        return failed(path, "cannot be locked");
    }

    /// By who has the lock.
    Result<void> write(const TokenKey& key, const StoredToken& token) const {
        const std::string path = path_of(key);
        // Of one name, so that those who are killed leave one at most.
        const std::string made = path + ".new";
        ::unlink(made.c_str());
        TokenFile file{
            ::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | always, S_IRUSR | S_IWUSR)};
        if (!file) return failed(made, "cannot be made");
        const Secret text = TokenText::write(key, token);
        const bool written = write_all(file.get(), text.expose()) && ::fsync(file.get()) == 0 &&
            file.close() == 0 && ::rename(made.c_str(), path.c_str()) == 0;
        if (!written) {
            const Error error = failed(path, "cannot be written");
            ::unlink(made.c_str());
            return error;
        }
        const TokenFile folder{::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (folder) ::fsync(folder.get());
        return {};
    }

    /// Removes all tokens, and says how many; the locks stay.
    Result<std::size_t> remove_all() const {
        std::size_t removed = 0;
        std::error_code none;
        for (std::filesystem::directory_iterator at{folder_, none}, end; !none && at != end;
             at.increment(none)) {
            const std::string name = at->path().filename().string();
            const bool is_token = name.starts_with("token-") && !name.ends_with(".lock");
            if (!is_token) continue;
            if (::unlink(at->path().c_str()) == 0) {
                ++removed;
            } else if (errno != ENOENT) {
                return failed(at->path().string(), "cannot be removed");
            }
        }
        if (none && none != std::errc::no_such_file_or_directory)
            return Error{Errc::bad_config, Reason::file, folder_.string() + " cannot be read"};
        return removed;
    }

private:
    static constexpr int always = O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;

    std::string path_of(const TokenKey& key) const {
        return (folder_ / TokenText::name_of(key)).string();
    }
    static Error failed(const std::string& path, const char* why) {
        const int system = errno;
        Error error{Errc::bad_config, Reason::file, path + ": " + why};
        if (system != 0) error.set_cause({system, boost::system::system_category()});
        return error;
    }
    static bool is_own(int descriptor) noexcept {
        struct stat there {};
        return ::fstat(descriptor, &there) == 0 && S_ISREG(there.st_mode) &&
            there.st_uid == ::geteuid();
    }
    /// A file of this user, that no other can read, by one name alone.
    static bool is_private(int descriptor) noexcept {
        struct stat there {};
        return is_own(descriptor) && ::fstat(descriptor, &there) == 0 && there.st_nlink == 1 &&
            (there.st_mode & (S_IRWXG | S_IRWXO)) == 0 &&
            static_cast<std::uint64_t>(there.st_size) <= TokenText::most;
    }
    Result<void> make_folder() const {
        std::error_code failure;
        if (std::filesystem::is_directory(folder_, failure)) return {};
        std::filesystem::create_directories(folder_.parent_path(), failure);
        if (::mkdir(folder_.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
        return failed(folder_.string(), "cannot be made");
    }

    std::filesystem::path folder_;
};

/// The folder for what can be had again, by the XDG base directories; empty where there is no home.
inline std::filesystem::path default_token_folder() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): read only
    const char* const cache = std::getenv("XDG_CACHE_HOME");
    // The specification has relative paths ignored.
    if (cache != nullptr && cache[0] == '/') return std::filesystem::path{cache} / "clarify";
    // NOLINTNEXTLINE(concurrency-mt-unsafe): read only
    const char* const home = std::getenv("HOME");
    if (home == nullptr || home[0] != '/') return {};
    return std::filesystem::path{home} / ".cache" / "clarify";
}

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_TOKEN_FILES_HPP
