// SPDX-License-Identifier: BSL-1.0
// The files that say how Clarify is reached: credentials, and what TLS needs.

#ifndef CLARIFY_DAEMONS_LINK_FILES_HPP
#define CLARIFY_DAEMONS_LINK_FILES_HPP

#include <clarify/core/detail/followed_files.hpp>
#include <clarify/credentials.hpp>
#include <clarify/http/tls_options.hpp>

#include "reload.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace daemons {

/** Knows what the files held when they were last read.

    A client follows them by itself. This says at once what has changed, and whether it can be used.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class LinkFiles {
public:
    /// @param credentials May be empty: they come from elsewhere.
    /// @param tls The options whose files it is about; of no file: the system's authorities are trusted.
    /// @param max_size How large the credentials may be, in bytes.
    LinkFiles(
        std::string credentials,
        clarify::TlsOptions tls,
        std::size_t max_size = clarify::Credentials::default_max_size)
        : credentials_file_(std::move(credentials)), tls_(std::move(tls)), max_size_(max_size) {}

    /** Reads them, and says what has changed since.

        Their content decides, not their times. Where one of them cannot be used, what all held before
        stays.
        @par Errors
        Of `Credentials::from_file`; `Errc::bad_config` for what TLS cannot use, such as a certificate
        whose key has not come yet.
    */
    Changes read();

    /// What they held when they were last read; unset without a file of them.
    const std::optional<clarify::Credentials>& credentials() const { return credentials_; }

private:
    std::string credentials_file_;
    clarify::TlsOptions tls_;
    std::size_t max_size_;
    std::optional<clarify::Credentials> credentials_;
    /// Of the credentials, then of the files of TLS; nothing before the first reading.
    std::vector<clarify::detail::FileMark> marks_;
};

}  // namespace daemons

#endif  // CLARIFY_DAEMONS_LINK_FILES_HPP
