// SPDX-License-Identifier: BSL-1.0
// Tokens in files of one folder, for the processes of one user. Blocks.

#ifndef CLARIFY_AUTH_DETAIL_TOKEN_FILES_HPP
#define CLARIFY_AUTH_DETAIL_TOKEN_FILES_HPP

#include <clarify/auth/bearer_token.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/detail/private_file.hpp>
#include <clarify/core/detail/private_folder.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
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

    /// A name for the files of a key.
    static std::string name_of(const TokenKey& key) { return key_name("token-", line_of(key)); }

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

private:
    static std::string line_of(const TokenKey& key) {
        return key_line({key.token_url, key.client_id, key.audience, key.scope});
    }
    static std::optional<std::int64_t> number(std::string_view text) {
        std::int64_t value = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    }
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

    const std::filesystem::path& folder() const noexcept { return folder_.path(); }

    Result<std::optional<StoredToken>> read(const TokenKey& key) const {
        const std::string path = path_of(key);
        const OpenFile file{::open(path.c_str(), O_RDONLY | PrivateFolder::flags)};
        if (!file) {
            // A link is no token, and a folder that is not there has none.
            if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)
                return std::optional<StoredToken>{};
            return PrivateFolder::failed(path, "cannot be read");
        }
        if (!PrivateFolder::is_private(file.get(), TokenText::most))
            return std::optional<StoredToken>{};
        std::string text;
        text.resize(TokenText::most);
        const std::ptrdiff_t size = file.read(text.data(), text.size());
        if (size < 0) {
            const Error error = PrivateFolder::failed(path, "cannot be read");
            Secret::wipe(text);
            return error;
        }
        auto token = TokenText::read(
            key, std::string_view{text}.substr(0, static_cast<std::size_t>(size)));
        Secret::wipe(text);
        return token;
    }

    /// Null where somebody has it.
    Result<TokenLease> try_lock(const TokenKey& key) const {
        Result<OpenFile> file = folder_.open(TokenText::name_of(key) + ".lock");
        if (!file) return file.error();
        if (file->try_lock()) return TokenLease{std::make_shared<OpenFile>(std::move(*file))};
        if (errno == EWOULDBLOCK) return TokenLease{};
        return PrivateFolder::failed(path_of(key) + ".lock", "cannot be locked");
    }

    /// By who has the lock.
    Result<void> write(const TokenKey& key, const StoredToken& token) const {
        const std::string path = path_of(key);
        // Of one name, so that those who are killed leave one at most.
        const std::string made = path + ".new";
        ::unlink(made.c_str());
        OpenFile file{::open(
            made.c_str(), O_WRONLY | O_CREAT | O_EXCL | PrivateFolder::flags, S_IRUSR | S_IWUSR)};
        if (!file) return PrivateFolder::failed(made, "cannot be made");
        const Secret text = TokenText::write(key, token);
        const bool written = write_all(file.get(), text.expose()) && ::fsync(file.get()) == 0 &&
            file.close() == 0 && ::rename(made.c_str(), path.c_str()) == 0;
        if (!written) {
            const Error error = PrivateFolder::failed(path, "cannot be written");
            ::unlink(made.c_str());
            return error;
        }
        const OpenFile in{::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (in) ::fsync(in.get());
        return {};
    }

    /// Removes all tokens, and says how many; the locks stay.
    Result<std::size_t> remove_all() const {
        std::size_t removed = 0;
        std::error_code none;
        for (std::filesystem::directory_iterator at{folder(), none}, end; !none && at != end;
             at.increment(none)) {
            const std::string name = at->path().filename().string();
            const bool is_token = name.starts_with("token-") && !name.ends_with(".lock");
            if (!is_token) continue;
            if (::unlink(at->path().c_str()) == 0) {
                ++removed;
            } else if (errno != ENOENT) {
                return PrivateFolder::failed(at->path().string(), "cannot be removed");
            }
        }
        if (none && none != std::errc::no_such_file_or_directory)
            return Error{Errc::bad_config, Reason::file, folder().string() + " cannot be read"};
        return removed;
    }

private:
    std::string path_of(const TokenKey& key) const { return folder_.file(TokenText::name_of(key)); }

    PrivateFolder folder_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_AUTH_DETAIL_TOKEN_FILES_HPP
