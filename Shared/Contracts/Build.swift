/// Which Throughline this is. All processes of an installation are built from one repository, so they have one version: it is in
/// every hello, in `/version`, in `--version` and in what `deploy/status` shows.
public enum Build {
    public static let version = "0.1.0"
}
