/** Catches unexpected errors, so that the page says something instead of vanishing. */
import { Component, type ReactNode } from 'react';

import { BrokenPage } from './BrokenPage';

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <BrokenPage /> : this.props.children;
  }
}
